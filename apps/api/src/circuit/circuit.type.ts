import { GraphQLDateTime, GraphQLJSON } from 'graphql-scalars';
import { Field, ID, ObjectType } from 'type-graphql';

/** The scored edges of a model's computation graph. Its edges are resolved from the dense score matrix. */
@ObjectType({ description: "The scored edges of a model's computation graph, from an experiment or imported." })
export class Circuit {
  @Field(() => ID, { description: 'Globally unique id.' })
  id: string;

  @Field(() => String, { description: 'Name for people.' })
  name: string;

  /** The experiment that made it; null for an imported one. Not a GraphQL field. */
  experimentId: string | null;

  @Field(() => GraphQLJSON, {
    description:
      'How the scores came about: model, method, metric, data, sign and gradient conventions. Needed to read a file of scores.',
  })
  sidecar: Record<string, unknown>;

  @Field(() => GraphQLDateTime, { description: 'When it was computed or imported.' })
  createdAt: Date;
}
