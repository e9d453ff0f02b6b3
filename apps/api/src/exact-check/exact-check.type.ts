import { Field, Float, ObjectType } from 'type-graphql';

/** How scores agree with exact effects. */
@ObjectType({ description: 'How estimated scores agree with exact effects, over a list of edges.' })
export class Agreement {
  @Field(() => Float, { nullable: true, description: "Pearson's correlation; null where a list is constant." })
  pearson: number | null;

  @Field(() => Float, { nullable: true, description: "Spearman's rank correlation; null where a list is constant." })
  spearman: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the edges whose score and effect have the same sign; null of no edges.',
  })
  signs: number | null;
}

/** An edge that was patched to check its score. */
@ObjectType({ description: 'An edge whose score was checked by patching it.' })
export class CheckedEdge {
  @Field(() => String, { description: "The edge's name: `m0->a1.h2<q>`." })
  name: string;

  @Field(() => Float, { description: 'The score that the attribution gave.' })
  score: number;

  @Field(() => Float, { description: 'Its exact effect: the metric once the edge is corrupted, less the clean run’s.' })
  exact: number;

  @Field(() => Boolean, { description: 'Whether it is one of the strongest edges; the others were drawn at random.' })
  isTop: boolean;
}

/** An attribution against exact patching. */
@ObjectType({ description: 'How well an attribution tells what its edges do: exact patching of some of them.' })
export class ExactCheck {
  @Field(() => Agreement, { description: 'Over all checked edges.' })
  all: Agreement;

  @Field(() => Agreement, { description: 'Over the strongest edges.' })
  top: Agreement;

  @Field(() => Agreement, { description: 'Over the random edges.' })
  random: Agreement;

  @Field(() => [CheckedEdge], { description: 'The strongest edges first, then the random ones; at most 2,000.' })
  edges: CheckedEdge[];
}
