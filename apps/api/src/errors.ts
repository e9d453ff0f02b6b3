/** The one place where failures become what a caller sees: a code, a sentence, and for a spec the path in it. */
import { randomUUID } from 'node:crypto';
import { causes, DatabaseError } from '@demur/db';
import { DemurError } from '@demur/model';
import { GraphQLError, type ExecutionResult, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';

/** What a caller is told about a failure. */
export interface PublicError {
  code: string;
  message: string;
  path: string | null;
}

/** The failure as a caller may see it. Unexpected ones are logged under an id, and only the id is told. */
export function publicError(error: unknown): PublicError {
  const expected = causes(error).find((cause) => cause instanceof DemurError || cause instanceof DatabaseError);
  if (expected !== undefined) return { code: expected.code, message: expected.message, path: expected.path ?? null };
  return error instanceof GraphQLError ? graphqlError(error) : internalError(error);
}

/** An error that was written as GraphQL's own, told outside GraphQL. */
function graphqlError({ message, extensions }: GraphQLError): PublicError {
  return { code: typeof extensions.code === 'string' ? extensions.code : 'BAD_REQUEST', message, path: null };
}

function internalError(error: unknown): PublicError {
  const id = randomUUID();
  console.error(`internal error ${id}:`, error);
  return {
    code: 'INTERNAL',
    message: `Something went wrong inside the server; its log tells more under ${id}`,
    path: null,
  };
}

/** A GraphQL error as it is sent, on every transport: errors of GraphQL itself as they are, ours by `publicError`. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const original = error instanceof GraphQLError ? error.originalError : error;
  const isOfGraphQL = error instanceof GraphQLError && (!original || original instanceof GraphQLError);
  if (formatted.extensions?.code === 'UNAUTHORIZED') return forbidden(formatted);
  if (isOfGraphQL)
    return { ...formatted, extensions: { code: 'BAD_REQUEST', ...formatted.extensions, ...inputCode(formatted) } };
  const { message, ...extensions } = publicError(original);
  return { ...formatted, message, extensions: extensions.path === null ? { code: extensions.code } : extensions };
}

/** A variable that is no value of its type is the caller's mistake: Apollo Server calls it its own where an enum refuses the value. */
function inputCode({ message }: GraphQLFormattedError): { code?: string } {
  return message.startsWith('Variable "$') ? { code: 'BAD_USER_INPUT' } : {};
}

/** Says what type-graphql's "Access denied" means here. */
function forbidden(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const message = 'The role of this token does not allow that; use a token of a higher role';
  return { ...formatted, message, extensions: { code: 'FORBIDDEN' } };
}

/** A result of a subscription with its errors as they are sent. */
export function formatted(result: ExecutionResult): FormattedExecutionResult {
  const errors = result.errors?.map((error) => formatError(error.toJSON(), error));
  return errors === undefined ? (result as FormattedExecutionResult) : { ...result, errors };
}
