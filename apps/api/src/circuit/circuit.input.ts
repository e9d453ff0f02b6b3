import { GraphQLJSON } from 'graphql-scalars';
import { Field, InputType } from 'type-graphql';

/** What a file leaves out. */
@InputType({ description: 'What a file of edge scores does not record, and nobody can read it without.' })
export class CircuitSidecarInput {
  @Field(() => String, { description: 'The model: its Hub id, its path or the slug of a registered one.' })
  model: string;

  @Field(() => String, { description: 'The method, such as `eap` or `eap-ig`.' })
  method: string;

  @Field(() => String, { description: 'The metric, such as `logit-difference`.' })
  metric: string;

  @Field(() => String, { description: 'The prompts the scores were computed on.' })
  data: string;

  @Field(() => String, { description: 'The sign convention, such as `corrupted − clean`.' })
  sign: string;
}

/** What `importCircuit` needs. */
@InputType({ description: 'A circuit as a file has it.' })
export class ImportCircuitInput {
  @Field(() => String, { description: 'Name for people.' })
  name: string;

  @Field(() => GraphQLJSON, {
    description:
      "The content of the file. JSON as it is: EAP-IG's {cfg, nodes, edges} or an attribution graph. As a text: NDJSON or CSV of edges; in base64: safetensors.",
  })
  graph: unknown;

  @Field(() => CircuitSidecarInput, { description: 'What the file leaves out.' })
  sidecar: CircuitSidecarInput;
}
