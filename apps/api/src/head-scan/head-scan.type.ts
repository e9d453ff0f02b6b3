import { Field, Float, Int, ObjectType } from 'type-graphql';

/** A head that a scan chose. */
@ObjectType({ description: 'A head that a scan chose.' })
export class ScannedHead {
  @Field(() => String, { description: 'Its name: `a5.h3`.' })
  name: string;

  @Field(() => Int, { description: 'Its block, from 0.' })
  layer: number;

  @Field(() => Int, { description: 'Its head in the block, from 0.' })
  head: number;

  @Field(() => Float, { description: 'Its refusal score, the mean over pairs.' })
  score: number;
}

/** All heads of a set changed together. */
@ObjectType({ description: 'What a set of heads does when all of it is changed together, beside random sets.' })
export class JointScore {
  @Field(() => Float, {
    description:
      'On the scale of the refusal score: 0 where nothing has changed, 1 where the other prompts’ metric is reached.',
  })
  score: number;

  @Field(() => [Float], {
    description: 'The same of random sets with as many heads of each layer: what any such set would do.',
  })
  random: number[];
}

/** Heads of the other prompts patched in together. */
@ObjectType({ description: 'The chosen heads of the other prompts, patched in together.' })
export class JointPatch extends JointScore {
  @Field(() => Float, { description: 'Sum of the scores of each head alone: more, where heads do the same twice.' })
  singles: number;
}

/** Heads taken out of the clean runs. */
@ObjectType({ description: 'The chosen heads taken out of the clean runs together.' })
export class JointAblation extends JointScore {
  @Field(() => Float, { description: 'The metric then, mean over pairs.' })
  metric: number;
}

/** Ablation by two values. */
@ObjectType({ description: 'Ablation of the chosen heads, by what stands in their place.' })
export class HeadAblation {
  @Field(() => JointAblation, { description: 'By the mean of the corrupted runs.' })
  mean: JointAblation;

  @Field(() => JointAblation, { description: 'By zero.' })
  zero: JointAblation;
}

/** One coefficient of a steering by heads. */
@ObjectType({ description: 'What the heads’ direction does at one coefficient.' })
export class HeadSteeringStep {
  @Field(() => Float, { description: 'What the direction was multiplied by.' })
  coefficient: number;

  @Field(() => Float, { description: 'The metric, mean over pairs.' })
  metric: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the pairs whose likelier token of the two has changed.',
  })
  flips: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'KL divergence from the run without it, in nats, mean over pairs.',
  })
  kl: number | null;
}

/** Steering by what the heads add. */
@ObjectType({ description: 'The summed contribution of the chosen heads as a direction, added both ways.' })
export class HeadSteering {
  @Field(() => Int, { description: 'The layer before which it is added.' })
  layer: number;

  @Field(() => [HeadSteeringStep], { description: 'Added to the corrupted runs: does it bring the behaviour about?' })
  induce: HeadSteeringStep[];

  @Field(() => [HeadSteeringStep], { description: 'Taken from the clean runs: does it take the behaviour away?' })
  inhibit: HeadSteeringStep[];
}

/** What the chosen heads do together. */
@ObjectType({ description: 'What the chosen heads do together, in the ways that the specification asks for.' })
export class HeadValidation {
  @Field(() => String, { nullable: true, description: 'Why nothing was checked, where no head was chosen.' })
  none: string | null;

  @Field(() => [[String]], { description: 'The heads of the random sets that scores are compared with.' })
  random: string[][];

  @Field(() => JointPatch, { nullable: true, description: 'Patched in together; null where not asked for.' })
  patch: JointPatch | null;

  @Field(() => HeadAblation, { nullable: true, description: 'Taken out together; null where not asked for.' })
  ablate: HeadAblation | null;

  @Field(() => HeadSteering, { nullable: true, description: 'Used to steer; null where not asked for.' })
  steer: HeadSteering | null;
}

/** What a head scan found. */
@ObjectType({ description: 'The refusal score of every head, the chosen ones, and what these do together.' })
export class HeadScan {
  /** Whose arrays these are; not a GraphQL field. */
  experimentId: string;

  @Field(() => String, { description: '`denoising` (clean heads into the corrupted run) or `noising`.' })
  direction: string;

  @Field(() => String, { description: 'Where heads were patched: `all` positions, or the `last`.' })
  position: string;

  @Field(() => Float, { description: 'The metric of the clean prompts, mean over pairs.' })
  baselineClean: number;

  @Field(() => Float, { description: 'The metric of the corrupted prompts, mean over pairs.' })
  baselineCorrupted: number;

  @Field(() => Int, { description: 'Number of pairs behind each score.' })
  pairCount: number;

  @Field(() => [ScannedHead], { description: 'The chosen heads, strongest first.' })
  heads: ScannedHead[];

  @Field(() => HeadValidation, { nullable: true, description: 'What they do together; null where not asked for.' })
  validation: HeadValidation | null;
}
