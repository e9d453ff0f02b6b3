/** An operation of a subscription transport, held to the same rules as those over HTTP. */
import { parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { requireWithinLimits } from './operation-limits.ts';

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
  const [error] = validate(schema, document);
  if (error !== undefined) throw error;
  requireWithinLimits(schema, { document, variables, operationName });
  return {
    schema,
    document,
    variableValues: variables ?? undefined,
    operationName: operationName ?? undefined,
    contextValue,
  };
}
