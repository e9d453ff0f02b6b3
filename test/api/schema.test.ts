/** The committed schema: what the code builds, and no less than the operations that are promised. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, isInputObjectType, isObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../scripts/run-command.ts';
import { root } from './server.ts';

/** The promise, as the architecture writes it; types that it only names are filled in. */
const promised = buildSchema(`
  scalar JSON
  type Query {
    models: [Model!]!   dataSets: [DataSet!]!   experiment(id: ID!): Experiment   circuit(id: ID!): Circuit
    experiments(first: Int = 20, after: String, filter: ExperimentFilter): ExperimentConnection!
    compareCircuits(a: ID!, b: ID!, top: Int = 1000): CircuitComparison!
  }
  type Mutation { createExperiment(spec: JSON!): Experiment!   cancelExperiment(id: ID!): Experiment!   registerModel(input: RegisterModelInput!): Model!
    createDataSet(input: CreateDataSetInput!): DataSet!   importCircuit(input: ImportCircuitInput!): Circuit!  rerunExperiment(id: ID!): Experiment! }
  type Subscription { experimentProgress(id: ID!): ExperimentProgress! }
  type Circuit { id: ID!  experiment: Experiment  senders: [Node!]!  receivers: [Node!]!  edgeCount: Int!
    edges(first: Int = 100, after: String, orderBy: EdgeOrder = ABSOLUTE_SCORE_DESC, filter: EdgeFilter): EdgeConnection!
    neighbourhood(node: String!, depth: Int = 1, top: Int = 50): [Edge!]!   paths(from: String!, to: String!, top: Int = 20): [Path!]! }
  type Edge { name: String!  sender: Node!  receiver: Node!  port: Port!  score: Float!  rank: Int!  inCircuit: Boolean  interval: Interval }
  type Node { name: String!  kind: NodeKind!  layer: Int  head: Int }
  enum NodeKind { INPUT HEAD KV_HEAD MLP LOGITS }
  input EdgeFilter { sender: NodeFilter  receiver: NodeFilter  ports: [Port!]  sign: Sign  minAbsoluteScore: Float  inCircuit: Boolean }
  input NodeFilter { kinds: [NodeKind!]  layers: LayerRange  heads: [Int!]  names: [String!] }
  enum EdgeOrder { ABSOLUTE_SCORE_DESC }  enum Port { Q K V IN }  enum Sign { POSITIVE NEGATIVE }
  input LayerRange { min: Int max: Int }  input ExperimentFilter { kinds: [ExperimentKind!] }  enum ExperimentKind { ATTRIBUTION }
  input RegisterModelInput { path: String! }  input CreateDataSetInput { slug: String! }  input ImportCircuitInput { name: String! }
  type Model { id: ID! }  type DataSet { id: ID! }  type Experiment { id: ID! }  type CircuitComparison { jaccard: Float! }
  type ExperimentConnection { totalCount: Int! }  type EdgeConnection { totalCount: Int! }  type ExperimentProgress { done: Float! }
  type Path { edges: [Edge!]! }  type Interval { low: Float! }
`);

const schema = buildSchema(readFileSync(join(root, 'apps/api/src/schema.graphql'), 'utf8'));

describe('schema.graphql', () => {
  it('is what the code builds', async () => {
    const program = ['--import', './apps/api/register.js', 'apps/api/src/emit-schema.ts', '--check'];
    const { code, output } = await runCommand(join(root, 'node_modules/.bin/node'), program, { cwd: root });
    expect(output).toBe('');
    expect(code).toBe(0);
  });

  it('has every promised operation, with its arguments and their defaults', () => {
    expect(fieldsOf(schema)).toEqual(expect.arrayContaining(fieldsOf(promised)));
  });

  it('describes every type, field and argument', () => {
    const types = Object.values(schema.getTypeMap()).filter(
      ({ name }) => !name.startsWith('__') && !isRootOrScalar(name),
    );
    for (const type of types) {
      expect(type.description, type.name).toBeTruthy();
      const named: Record<string, { name: string; description?: string | null }> =
        isObjectType(type) || isInputObjectType(type) ? type.getFields() : {};
      for (const field of Object.values(named)) expect(field.description, `${type.name}.${field.name}`).toBeTruthy();
    }
  });
});

function isRootOrScalar(name: string): boolean {
  return ['Query', 'Mutation', 'Subscription', 'Boolean', 'Float', 'ID', 'Int', 'String'].includes(name);
}

/** `Type.field(argument: Type = default): Type`, a line a field. */
function fieldsOf(from: GraphQLSchema): string[] {
  return Object.values(from.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('__')) return [];
    if (isInputObjectType(type))
      return Object.values(type.getFields()).map(({ name, type: of }) => `${type.name}.${name}: ${String(of)}`);
    return isObjectType(type) ? Object.values(type.getFields()).map((field) => `${type.name}.${signature(field)}`) : [];
  });
}

function signature({ name, args, type }: GraphQLField<unknown, unknown>): string {
  const given = [...args].sort((a, b) => a.name.localeCompare(b.name));
  const text = given.map((arg) => `${arg.name}: ${String(arg.type)} = ${JSON.stringify(arg.defaultValue)}`);
  return `${name}(${text.join(', ')}): ${String(type)}`;
}
