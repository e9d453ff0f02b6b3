import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';

/** What an axis of a grid counts. */
export const GridAxisKind = { LAYER: 'LAYER', HEAD: 'HEAD', POSITION: 'POSITION' } as const;
export type GridAxisKind = (typeof GridAxisKind)[keyof typeof GridAxisKind];
registerEnumType(GridAxisKind, {
  name: 'GridAxisKind',
  description: 'What an axis of a grid counts.',
  valuesConfig: {
    LAYER: { description: 'Blocks of the model, from 0.' },
    HEAD: { description: 'Query heads of a block, from 0; as rows: every head of every layer.' },
    POSITION: { description: 'Positions of the prompt, aligned to the right: the answer position is last.' },
  },
});

/** One axis of a grid. */
@ObjectType({ description: 'One axis of a patching grid.' })
export class GridAxis {
  @Field(() => GridAxisKind, { description: 'What the axis counts.' })
  kind: GridAxisKind;

  @Field(() => [String], {
    description:
      "A label a cell: `L0`, `h3`, `a2.h3`, or the first pair's token at a position (`bomb/pie` where the prompts differ).",
  })
  labels: string[];
}

/** The metric after patching, a cell an intervention. */
@ObjectType({
  description: 'Activation patching as a grid: the metric after one activation was patched, a cell an intervention.',
})
export class PatchingGrid {
  /** The experiment whose array this is; not a GraphQL field. */
  experimentId: string;

  @Field(() => String, {
    description: 'The activation patched, as the specification calls it: `resid_pre`, `z`, `pattern` ...',
  })
  activation: string;

  @Field(() => String, {
    description: '`denoising` (clean activation into the corrupted run) or `noising` (the reverse).',
  })
  direction: string;

  @Field(() => GridAxis, { description: 'The first axis of the values.' })
  rows: GridAxis;

  @Field(() => GridAxis, { description: 'The second axis of the values.' })
  columns: GridAxis;

  @Field(() => Float, { description: 'The metric of the clean prompts, mean over pairs: normalised 1.' })
  baselineClean: number;

  @Field(() => Float, { description: 'The metric of the corrupted prompts, mean over pairs: normalised 0.' })
  baselineCorrupted: number;

  @Field(() => Int, { description: 'Number of pairs behind each cell.' })
  pairCount: number;
}
