'use client';
/** A GraphQL subscription over one web socket to /graphql, opened with the first subscriber and closed after the last. */
import { createClient, type Client } from 'graphql-ws';
import { useEffect, useEffectEvent } from 'react';
import { tokenHeaders } from './api-token.ts';
import type { TypedDocumentString } from '../graphql/graphql.ts';

let client: Client | undefined;

const socketUrl = (): string => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`;

/** A web socket has no headers of a page's own: the token is a parameter of the connection. */
const sharedClient = (): Client =>
  (client ??= createClient({ url: socketUrl, connectionParams: tokenHeaders, lazy: true, retryAttempts: 20 }));

export interface SubscriptionOptions<T, V> {
  variables: V;
  enabled: boolean;
  onNext: (value: T) => void;
  /** The stream ended, by itself or by an error: the state of the thing should be read again. */
  onEnd?: () => void;
}

export function useSubscription<T, V extends Record<string, unknown>>(
  document: TypedDocumentString<T, V>,
  { variables, enabled, onNext, onEnd }: SubscriptionOptions<T, V>,
): void {
  const next = useEffectEvent(onNext);
  const end = useEffectEvent(() => onEnd?.());
  const query = document.toString();
  const key = JSON.stringify(variables);
  useEffect(() => {
    if (!enabled) return;
    const payload = { query, variables: JSON.parse(key) as V };
    return sharedClient().subscribe<T>(payload, {
      next: ({ data }) => data && next(data),
      error: () => end(),
      complete: () => end(),
    });
  }, [enabled, query, key]);
}
