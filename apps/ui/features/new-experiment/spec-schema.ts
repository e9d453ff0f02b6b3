/** Choices and defaults of a specification, read from the JSON schema that the server gives: the form has no copy of them. */

/** The part of JSON Schema that is read here. */
export interface JsonSchema {
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  enum?: string[];
  const?: string;
  default?: unknown;
}

/** The kinds that this server runs, as a spec writes them. */
export function schemaKinds(schema: JsonSchema): string[] {
  return (schema.oneOf ?? []).flatMap(({ properties }) => properties?.['kind']?.const ?? []);
}

/** The schema of one field of a kind's spec, such as `options.scores.method`; undefined where it has none. */
export function schemaAt(schema: JsonSchema, kind: string, path: string): JsonSchema | undefined {
  const spec = schema.oneOf?.find(({ properties }) => properties?.['kind']?.const === kind);
  return path.split('.').reduce<JsonSchema | undefined>((inner, name) => inner && propertyOf(inner, name), spec);
}

/** Of a union, the first form that has the property. */
function propertyOf({ properties, anyOf = [] }: JsonSchema, name: string): JsonSchema | undefined {
  return properties?.[name] ?? anyOf.map((form) => propertyOf(form, name)).find((found) => found !== undefined);
}

/** The words that a field may be, or each entry of a list; of a union, those that stand alone. Empty where it takes no words. */
export function choicesOf(schema: JsonSchema | undefined): string[] {
  const single = ({ enum: words, const: word }: JsonSchema): string[] => words ?? (word === undefined ? [] : [word]);
  return schema?.items?.enum ?? [schema ?? {}, ...(schema?.anyOf ?? [])].flatMap(single);
}
