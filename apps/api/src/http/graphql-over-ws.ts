/** Subscriptions over WebSocket, by the graphql-ws protocol, under the same path as queries. */
import type { Server } from 'node:http';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { formatted } from '../errors.ts';
import { checkedOperation } from './checked-operation.ts';
import type { Doorkeeper } from './doorkeeper.ts';

/** Takes WebSocket upgrades of /graphql from `httpServer`. The returned function ends all subscriptions. */
export function graphqlOverWs(options: {
  schema: GraphQLSchema;
  httpServer: Server;
  doorkeeper: Doorkeeper;
}): () => Promise<void> {
  const { schema, httpServer, doorkeeper } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });
  httpServer.on('upgrade', (request, socket, head) => {
    const isOurs = request.url?.split('?')[0] === '/graphql' && doorkeeper.isWelcome(request.headers);
    if (!isOurs) socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    else sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request));
  });
  const server = useServer(
    {
      onSubscribe: async ({ extra, connectionParams }, _id, payload) => {
        try {
          const contextValue = await doorkeeper.admit({ ...extra.request.headers, ...tokenOf(connectionParams) });
          return checkedOperation(schema, { ...payload, contextValue });
        } catch (error) {
          if (error instanceof GraphQLError) return [error];
          throw error;
        }
      },
      onError: (_context, _id, _payload, errors) => formatted({ errors }).errors,
      onNext: (_context, _id, _payload, _args, result) => formatted(result),
    },
    sockets,
  );
  return async () => server.dispose();
}

/** Browsers cannot set headers on a WebSocket, so a token may also come as `authorization` in the connection's parameters. */
function tokenOf(parameters: Record<string, unknown> | undefined): { authorization?: string } {
  const authorization = parameters?.authorization;
  return typeof authorization === 'string' ? { authorization } : {};
}
