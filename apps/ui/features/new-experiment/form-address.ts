/** How a link fills the form: `?kind=EDGE_PATCHING&model=…&pairs=…&options.edges=…`, options by their paths. */
import type { ExperimentKind } from '../../graphql/graphql.ts';
import { kindNames, specKind } from '../experiments/kinds.ts';
import { kindFields } from './kind-fields.ts';
import type { OptionField, OptionValue } from './option-field.ts';
import { emptyForm, type SpecForm } from './spec-form.ts';

/** A kind as GraphQL names it, or as a specification writes it. */
const kindOf = (text: string | null): ExperimentKind | undefined =>
  (Object.keys(kindNames) as ExperimentKind[]).find((kind) => kind === text || specKind(kind) === text);

/** What names nothing is left out. */
export function formOfAddress(params: URLSearchParams): SpecForm {
  const kind = kindOf(params.get('kind')) ?? emptyForm.kind;
  const given = kindFields[kind].flatMap((field): [string, OptionValue][] => {
    const text = params.get(`options.${field.path}`);
    return text === null ? [] : [[field.path, valueOf(text, field)]];
  });
  const named = {
    model: params.get('model') ?? '',
    pairs: params.get('pairs') ?? '',
    metric: params.get('metric') ?? '',
  };
  return { kind, ...named, options: { [kind]: Object.fromEntries(given) } };
}

function valueOf(text: string, { control }: OptionField): OptionValue {
  if (control === 'flag') return text === 'true';
  return control === 'checks' ? text.split(',').filter((part) => part !== '') : text;
}
