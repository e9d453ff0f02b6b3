/** Queries and mutations: Apollo Server under /graphql. */
import type { Server } from 'node:http';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import type { RequestHandler } from 'express';
import type { GraphQLSchema } from 'graphql';
import type { Context } from '../context.ts';
import { formatError } from '../errors.ts';
import type { Doorkeeper } from './doorkeeper.ts';
import { requireWithinLimits } from './operation-limits.ts';

/** The Apollo server, started, and its middleware. Stop the server before the HTTP server is closed. */
export async function graphqlOverHttp(options: {
  schema: GraphQLSchema;
  httpServer: Server;
  doorkeeper: Doorkeeper;
}): Promise<{ apollo: ApolloServer<Context>; middleware: RequestHandler }> {
  const { schema, httpServer, doorkeeper } = options;
  const apollo = new ApolloServer<Context>({
    schema,
    formatError,
    csrfPrevention: true,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    persistedQueries: false,
    plugins: [limitsPlugin, ApolloServerPluginDrainHttpServer({ httpServer }), ApolloServerPluginLandingPageDisabled()],
  });
  await apollo.start();
  return { apollo, middleware: expressMiddleware(apollo, { context: ({ req }) => doorkeeper.admit(req.headers) }) };
}

const limitsPlugin: ApolloServerPlugin<Context> = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation: ({ schema, document, request: { variables, operationName } }) => {
        requireWithinLimits(schema, { document, variables, operationName });
        return Promise.resolve();
      },
    }),
};
