/** The kind of experiment, chosen by the question that it answers: of those that the server runs. */
import { CardChoice } from '../../components/card-choice.tsx';
import type { ExperimentKind } from '../../graphql/graphql.ts';
import { kindNames, kindQuestions, specKind } from '../experiments/kinds.ts';

interface KindChoiceProps {
  kind: ExperimentKind;
  /** Kinds as a spec writes them. */
  available: readonly string[];
  onChoose: (kind: ExperimentKind) => void;
}

export function KindChoice({ kind, available, onChoose }: KindChoiceProps) {
  const kinds = (Object.keys(kindNames) as ExperimentKind[]).filter((one) => available.includes(specKind(one)));
  const cards = kinds.map((one) => ({ value: one, title: kindNames[one], words: kindQuestions[one] }));
  return <CardChoice label="Kind" name="kind" cards={cards} value={kind} onChange={onChoose} />;
}
