/** The names of the studies, as the command, the API and the reports write them. */
export const STUDY_NAMES = [
  'object-patching',
  'layer-curve',
  'eap-heads',
  'acdcpp',
  'refusal-heads',
  'gemma-replication',
] as const;

export type StudyName = (typeof STUDY_NAMES)[number];
