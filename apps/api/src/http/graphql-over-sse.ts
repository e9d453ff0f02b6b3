/** Subscriptions over server-sent events, by the graphql-sse protocol, under /graphql/stream. Not for queries: /graphql is. */
import type { RequestHandler } from 'express';
import { map, pipe } from '@graphql-yoga/subscription';
import {
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  subscribe,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/express';
import { formatted } from '../errors.ts';
import { checkedOperation } from './checked-operation.ts';
import type { Doorkeeper } from './doorkeeper.ts';

/** The handler of /graphql/stream: one stream a request. */
export function graphqlOverSse(schema: GraphQLSchema, doorkeeper: Doorkeeper): RequestHandler {
  const handle = createHandler({
    authenticate: () => null,
    onSubscribe: async ({ raw }, { query, variables, operationName }) => {
      const contextValue = await doorkeeper.admit(raw.headers);
      const args = checkedOperation(schema, { query: String(query), variables, operationName, contextValue });
      if (getOperationAST(args.document, operationName)?.operation !== OperationTypeNode.SUBSCRIPTION)
        throw new GraphQLError('Only subscriptions are streamed here; send queries and mutations to /graphql');
      return formattedStream(await subscribe(args));
    },
  });
  return async (request, response) => {
    try {
      await handle(request, response);
    } catch (error) {
      response.status(400).json(formatted({ errors: [asGraphQLError(error)] }));
    }
  };
}

/** A stream, or the one result of a subscription that could not start, with errors as they are sent. */
function formattedStream(
  result: AsyncGenerator<ExecutionResult> | ExecutionResult,
): AsyncIterable<ExecutionResult> | ExecutionResult {
  const format = (step: ExecutionResult) => formatted(step) as ExecutionResult;
  return Symbol.asyncIterator in result ? pipe(result, map(format)) : format(result);
}

function asGraphQLError(error: unknown): GraphQLError {
  return error instanceof GraphQLError ? error : new GraphQLError(String(error), { originalError: error as Error });
}
