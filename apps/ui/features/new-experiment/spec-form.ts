/** The form of a new experiment, and the specification that it writes. What is right is for the server to say. */
import type { ExperimentKind } from '../../graphql/graphql.ts';
import { specKind } from '../experiments/kinds.ts';
import { kindFields } from './kind-fields.ts';
import { enteredValue, readOption, type OptionField, type OptionValues } from './option-field.ts';
import { choicesOf, schemaAt, type JsonSchema } from './spec-schema.ts';

export interface SpecForm {
  kind: ExperimentKind;
  model: string;
  pairs: string;
  /** Empty for the spec's default. */
  metric: string;
  /** What was entered, by kind and then by the option's path; what is not here is as it begins. */
  options: Partial<Record<ExperimentKind, OptionValues>>;
}

export const emptyForm: SpecForm = { kind: 'ACTIVATION_PATCHING', model: '', pairs: '', metric: '', options: {} };

/** Metrics that need nothing but their name; token sets and projections are written in JSON. */
export const metricWords: Record<string, string> = {
  'logit-difference': 'Logit difference',
  'answer-logprob': 'Log probability of the answer',
  'kl-divergence': 'KL divergence from the clean run',
};

/** Everything entered for the chosen kind, and how the other options begin. */
export function optionValues({ kind, options }: SpecForm, schema: JsonSchema): OptionValues {
  const begins = kindFields[kind].map((field): [string, OptionValues[string]] => {
    const { default: usual } = optionSchema(schema, kind, field) ?? {};
    return [field.path, field.start ?? enteredValue(usual, field.control)];
  });
  return { ...Object.fromEntries(begins), ...options[kind] };
}

export const optionSchema = (schema: JsonSchema, kind: ExperimentKind, { path }: OptionField): JsonSchema | undefined =>
  schemaAt(schema, specKind(kind), `options.${path}`);

/** The fields that have a meaning beside what is entered in the others. */
export function shownFields(kind: ExperimentKind, values: OptionValues): OptionField[] {
  const holds = ([path, wanted]: [string, readonly string[]]): boolean => wanted.includes(String(values[path]));
  return kindFields[kind].filter(({ when = {} }) => Object.entries(when).every(holds));
}

/** The specification as the server takes it. */
export function specOf(form: SpecForm, schema: JsonSchema): Record<string, unknown> {
  const { kind, model, pairs, metric } = form;
  const named = { kind: specKind(kind), model, pairs, ...(metric !== '' && { metric }) };
  return { ...named, options: optionsOf(form, schema) };
}

function optionsOf(form: SpecForm, schema: JsonSchema): Record<string, unknown> {
  const values = optionValues(form, schema);
  const options: Record<string, unknown> = {};
  for (const field of shownFields(form.kind, values)) {
    const single = choicesOf(optionSchema(schema, form.kind, field));
    const value = field.control === 'way' ? undefined : readOption(values[field.path] ?? '', field.reads, single);
    if (value !== undefined) put(options, field.path.split('.'), value);
  }
  return options;
}

/** Sets a value at a path, making the objects on the way. */
function put(object: Record<string, unknown>, [name = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) object[name] = value;
  else put((object[name] ??= {}) as Record<string, unknown>, rest, value);
}

/** The paths that the form has a field for. */
export function formPaths(form: SpecForm, schema: JsonSchema): string[] {
  const shown = shownFields(form.kind, optionValues(form, schema)).filter(({ control }) => control !== 'way');
  return ['kind', 'model', 'pairs', 'metric', ...shown.map(({ path }) => `options.${path}`)];
}

/** The field that an error's path belongs to: the longest one it lies in, else the first that lies in it. */
export function fieldOfPath(path: string | undefined, fields: readonly string[]): string | undefined {
  if (path === undefined) return undefined;
  const isIn = (inner: string, outer: string): boolean =>
    inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
  const around = fields.filter((field) => isIn(path, field)).sort((a, b) => b.length - a.length);
  return around[0] ?? fields.find((field) => isIn(field, path));
}
