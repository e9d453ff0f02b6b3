/** What one operation may ask for, on every transport: how deep it nests and how many values it can return. */
import {
  getNullableType,
  GraphQLError,
  isListType,
  Kind,
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { getComplexity, simpleEstimator, type ComplexityEstimator } from 'graphql-query-complexity/cjs';

/** Levels of fields in one operation; introspection is not counted. */
export const MAX_DEPTH = 12;
/** Values that one operation may return, counted before it runs. */
export const MAX_COMPLEXITY = 200_000;
/** Items that a list without a page argument is taken to have. */
const USUAL_LIST = 10;

/** Validation rule: no operation deeper than `MAX_DEPTH`. */
export function depthRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      const depth = depthOf(operation.selectionSet, (name) => context.getFragment(name), []);
      if (depth > MAX_DEPTH) context.reportError(depthError(depth, operation));
    },
  };
}

function depthError(depth: number, nodes: OperationDefinitionNode): GraphQLError {
  const message = `This operation is ${depth} levels deep and the limit is ${MAX_DEPTH}; ask for less at once`;
  return new GraphQLError(message, { nodes, extensions: { code: 'QUERY_TOO_DEEP' } });
}

type FindFragment = (name: string) => FragmentDefinitionNode | null | undefined;

/** Levels of fields below a selection; a fragment inside itself counts once, another rule refuses it. */
function depthOf(selections: SelectionSetNode, fragment: FindFragment, inside: string[]): number {
  const depths = selections.selections.map((selection) => {
    if (selection.kind === Kind.FIELD) {
      if (selection.name.value.startsWith('__')) return 0;
      return 1 + (selection.selectionSet ? depthOf(selection.selectionSet, fragment, inside) : 0);
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) return depthOf(selection.selectionSet, fragment, inside);
    const name = selection.name.value;
    const spread = inside.includes(name) ? null : fragment(name);
    return spread ? depthOf(spread.selectionSet, fragment, [...inside, name]) : 0;
  });
  return Math.max(0, ...depths);
}

const pages: ComplexityEstimator = ({ args, childComplexity, field, type }) => {
  const size: unknown = args.first ?? args.top;
  if (typeof size === 'number') return 1 + Math.max(1, size) * childComplexity;
  if (isListType(getNullableType(field.type)) && !type.name.endsWith('Connection'))
    return 1 + USUAL_LIST * childComplexity;
  return undefined;
};

/** Throws a GraphQL error QUERY_TOO_COMPLEX where the operation could return more than `MAX_COMPLEXITY` values. */
export function limitComplexity(
  schema: GraphQLSchema,
  operation: { document: DocumentNode; variables?: Record<string, unknown> | null; operationName?: string | null },
): void {
  const complexity = getComplexity({
    schema,
    query: operation.document,
    variables: operation.variables ?? {},
    ...(operation.operationName ? { operationName: operation.operationName } : {}),
    estimators: [pages, simpleEstimator({ defaultComplexity: 1 })],
  });
  if (complexity > MAX_COMPLEXITY) throw complexityError(complexity);
}

function complexityError(complexity: number): GraphQLError {
  const message = `This operation could return ${complexity} values and the limit is ${MAX_COMPLEXITY}; ask for fewer fields or smaller pages`;
  return new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400 } } });
}
