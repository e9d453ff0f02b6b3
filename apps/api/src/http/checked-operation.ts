/** An operation of a subscription transport, held to the same rules as those over HTTP. */
import { parse, specifiedRules, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { depthRule, limitComplexity } from './operation-limits.ts';

/** An operation as a client sends it. */
export interface RawOperation {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
  contextValue: unknown;
}

/** What is executed. */
export interface CheckedOperation {
  schema: GraphQLSchema;
  document: DocumentNode;
  variableValues: Record<string, unknown> | undefined;
  operationName: string | undefined;
  contextValue: unknown;
}

/** The operation, parsed and within limits. Throws a `GraphQLError` for the first thing that is wrong with it. */
export function checkedOperation(schema: GraphQLSchema, operation: RawOperation): CheckedOperation {
  const { query, variables, operationName, contextValue } = operation;
  const document = parse(query);
  const [error] = validate(schema, document, [...specifiedRules, depthRule]);
  if (error !== undefined) throw error;
  limitComplexity(schema, { document, variables, operationName });
  return {
    schema,
    document,
    variableValues: variables ?? undefined,
    operationName: operationName ?? undefined,
    contextValue,
  };
}
