/** @demur/train: the model organism, from its corpus to a trained model in Hugging Face's form. Needs a tensor backend. */
export { Batches } from './batches.ts';
export { CATEGORIES, corpus, type Category, type Example, type Objects, type Split } from './corpus.ts';
export { modelFiles, storedWeight } from './export-model.ts';
export { Network, type WeightShape } from './network.ts';
export { BATCH, organism, SCHEDULE, type Organism } from './organism.ts';
export { sequenceOf, type Sequence } from './sequences.ts';
export { rateAt, Trainer, type Schedule, type StepReport } from './trainer.ts';
export { pieces, vocabularyOf } from './vocabulary.ts';
