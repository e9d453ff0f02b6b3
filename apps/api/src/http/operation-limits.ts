/** What one operation may ask for, on every transport: how deep it nests and how many values it can return. */
import {
  getNullableType,
  GraphQLError,
  isListType,
  Kind,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { getComplexity, simpleEstimator, type ComplexityEstimator } from 'graphql-query-complexity/cjs';

/** Levels of fields in one operation; introspection is not counted. */
export const MAX_DEPTH = 12;
/** Values that one operation may return, counted before it runs. */
export const MAX_COMPLEXITY = 200_000;
/** Items that a list without a page argument is taken to have. */
const USUAL_LIST = 10;

/** An operation that has passed validation. */
interface Operation {
  document: DocumentNode;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

/** Throws a GraphQL error QUERY_TOO_DEEP or QUERY_TOO_COMPLEX for a valid operation that is either. */
export function requireWithinLimits(schema: GraphQLSchema, operation: Operation): void {
  const { document, variables, operationName } = operation;
  const depth = Math.max(...depthsOf(document));
  if (depth > MAX_DEPTH) throw limitError('QUERY_TOO_DEEP', `is ${depth} levels deep`, MAX_DEPTH);
  const complexity = getComplexity({
    schema,
    query: document,
    variables: variables ?? {},
    ...(operationName ? { operationName } : {}),
    estimators: [pages, simpleEstimator({ defaultComplexity: 1 })],
  });
  if (complexity > MAX_COMPLEXITY)
    throw limitError('QUERY_TOO_COMPLEX', `could return ${complexity} values`, MAX_COMPLEXITY);
}

function limitError(code: string, what: string, limit: number): GraphQLError {
  const message = `This operation ${what} and the limit is ${limit}; ask for fewer fields, fewer levels or smaller pages`;
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}

function operations(document: DocumentNode): OperationDefinitionNode[] {
  return document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
}

/** Levels of fields of each operation. A valid document has no fragment inside itself; each is counted once. */
function depthsOf(document: DocumentNode): number[] {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const named = new Map(fragments.map((fragment) => [fragment.name.value, fragment.selectionSet]));
  const depths = new Map<string, number>();
  const depthOf = ({ selections }: SelectionSetNode): number => Math.max(0, ...selections.map(depthOfSelection));
  const depthOfFragment = (name: string): number => {
    const depth = depths.get(name) ?? depthOf(named.get(name)!);
    depths.set(name, depth);
    return depth;
  };
  const depthOfSelection = (selection: SelectionNode): number => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return depthOfFragment(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) return depthOf(selection.selectionSet);
    if (selection.name.value.startsWith('__')) return 0;
    return 1 + (selection.selectionSet ? depthOf(selection.selectionSet) : 0);
  };
  return operations(document).map(({ selectionSet }) => depthOf(selectionSet));
}

const pages: ComplexityEstimator = ({ args, childComplexity, field, type }) => {
  const size: unknown = args.first ?? args.top;
  if (typeof size === 'number') return 1 + Math.max(1, size) * childComplexity;
  if (isListType(getNullableType(field.type)) && !type.name.endsWith('Connection'))
    return 1 + USUAL_LIST * childComplexity;
  return undefined;
};
