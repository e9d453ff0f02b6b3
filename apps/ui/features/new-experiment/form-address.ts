/** How a link fills the form: `?kind=EDGE_PATCHING&model=…&pairs=…&options.edges=…`, options by their paths. */
import type { ExperimentKind } from '../../graphql/graphql.ts';
import { kindNames } from '../experiments/kinds.ts';
import { kindFields } from './kind-fields.ts';
import type { OptionField, OptionValue } from './option-field.ts';
import { emptyForm, type SpecForm } from './spec-form.ts';

const isKind = (text: string | null): text is ExperimentKind => text !== null && Object.hasOwn(kindNames, text);

/** What names nothing is left out. */
export function formOfAddress(params: URLSearchParams): SpecForm {
  const asked = params.get('kind');
  const kind = isKind(asked) ? asked : emptyForm.kind;
  const given = kindFields[kind].flatMap((field): [string, OptionValue][] => {
    const text = params.get(`options.${field.path}`);
    return text === null ? [] : [[field.path, valueOf(text, field)]];
  });
  const named = {
    model: params.get('model') ?? '',
    pairs: params.get('pairs') ?? '',
    metric: params.get('metric') ?? '',
  };
  return { kind, ...named, options: { [kind]: Object.fromEntries(given) } };
}

function valueOf(text: string, { control }: OptionField): OptionValue {
  if (control === 'flag') return text === 'true';
  return control === 'checks' ? text.split(',').filter((part) => part !== '') : text;
}
