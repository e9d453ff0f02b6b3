/** The table of studies. One is added here, with its name in study-names.ts. */
import { UnknownStudyError } from '../errors.ts';
import { acdcpp } from './acdcpp/acdcpp.ts';
import { eapHeads } from './eap-heads/eap-heads.ts';
import { gemmaReplication } from './gemma-replication/gemma-replication.ts';
import { layerCurve } from './layer-curve/layer-curve.ts';
import { objectPatching } from './object-patching/object-patching.ts';
import { refusalHeads } from './refusal-heads/refusal-heads.ts';
import type { StudyName } from '../study-names.ts';
import type { Study } from '../study.ts';

export const studies: Record<StudyName, Study> = {
  'object-patching': objectPatching,
  'layer-curve': layerCurve,
  'eap-heads': eapHeads,
  acdcpp,
  'refusal-heads': refusalHeads,
  'gemma-replication': gemmaReplication,
};

/** @throws UnknownStudyError, which names those that there are */
export function studyOf(name: string): Study {
  const study = Object.hasOwn(studies, name) ? studies[name as StudyName] : undefined;
  if (study === undefined) throw new UnknownStudyError(name, Object.keys(studies));
  return study;
}
