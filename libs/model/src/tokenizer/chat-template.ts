// Renders chat templates (Jinja, by @huggingface/jinja). A template is a program that comes with a model: it runs without
// access to the machine, and here with a bound on its work and memory. Not a tokenizer.

import * as library from '@huggingface/jinja';

/** What is used of the library, whose own types cannot be resolved by ES modules. */
interface Jinja {
  tokenize(template: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }): unknown;
  parse(tokens: unknown): unknown;
  Environment: new () => { set(name: string, value: unknown): void };
  Interpreter: new (environment: unknown) => Interpreter;
  Template: new (template: string) => { render(variables: Record<string, unknown>): string };
}

interface Interpreter {
  run(program: unknown): { value: unknown };
  evaluate(statement: unknown, environment: unknown): { value: unknown };
}

const jinja = library as unknown as Jinja;

/** Forty times what a chat of a hundred messages takes; a second or so of work. */
const MAX_STEPS = 400_000;
/** The longest templates in use have 30,000 characters. */
const MAX_TEMPLATE_LENGTH = 2 ** 20;
/** A text of this many characters counts as a step; of a list, each entry does. */
const CHARACTERS_A_STEP = 64;

/** Counts each expression as a step and the size of what it gives, so that neither loops nor doubled lists go on for ever. */
class BoundedInterpreter extends jinja.Interpreter {
  #left = MAX_STEPS;

  override evaluate(statement: unknown, environment: unknown): { value: unknown } {
    const value = super.evaluate(statement, environment);
    this.#left -= 1 + sizeOf(value.value);
    if (this.#left < 0) throw new Error(`it takes more than ${MAX_STEPS} steps`);
    return value;
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length / CHARACTERS_A_STEP;
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : 0;
}

/** Python's `range`, refused before it is longer than any template may use. */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= MAX_STEPS)) throw new Error(`range(${start}, ${stop}, ${step}) is too long`);
  return Array.from({ length }, (_, i) => start + i * step);
}

/** What Hugging Face's renderer offers to every template. */
const globals: Record<string, unknown> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  range,
  raise_exception: (message: string) => {
    throw new Error(message);
  },
  strftime_now: (format: string) => new jinja.Template('{{ strftime_now(format) }}').render({ format }),
};

/** The template with these variables. @throws Error whose message says why not */
export function renderTemplate(template: string, variables: Record<string, unknown>): string {
  if (template.length > MAX_TEMPLATE_LENGTH) {
    throw new Error(`it has ${template.length} characters, more than ${MAX_TEMPLATE_LENGTH}`);
  }
  const program = jinja.parse(jinja.tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
  const environment = new jinja.Environment();
  for (const [name, value] of Object.entries({ ...globals, ...variables })) environment.set(name, value);
  return String(new BoundedInterpreter(environment).run(program).value);
}
