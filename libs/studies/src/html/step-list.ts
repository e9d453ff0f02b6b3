/** The experiments of a study, each with all that it takes to run it again. */
import { bytesText, durationText } from '@demur/charts';
import type { StudyStep } from '../report.ts';
import { element, escapeText } from './markup.ts';

export const stepList = (steps: readonly StudyStep[]): string =>
  element('ol', { class: 'steps' }, ...steps.map(stepItem));

function stepItem({ name, title, spec, specHash, experiment, seconds, record }: StudyStep): string {
  const { backend, peakBytes } = record;
  const ran = `${backend.name}, ${backend.workers === 1 ? '1 worker' : `${backend.workers} workers`}, at most ${bytesText(peakBytes)}`;
  return element(
    'li',
    {},
    element('strong', {}, escapeText(title)),
    ` ${element('small', {}, escapeText(`${name} · ${spec.kind} · ${durationText(seconds).replaceAll(' ', '\u00a0')}`))}`,
    element(
      'details',
      {},
      element('summary', {}, 'Specification and record'),
      element(
        'p',
        {},
        element('small', {}, 'Kept in '),
        code(experiment),
        element('small', {}, `; ${escapeText(ran)}`),
      ),
      element('p', {}, element('small', {}, 'SHA-256 of the specification '), code(specHash)),
      json(spec),
      json(record),
    ),
  );
}

const code = (text: string): string => element('code', {}, escapeText(text));

/** Line ends stay, so it is escaped a line at a time. */
const json = (value: unknown): string =>
  element('pre', { tabindex: 0 }, jsonText(value).split('\n').map(escapeText).join('\n'));

/** JSON with a line a value, but lists of numbers on one line. */
const jsonText = (value: unknown): string =>
  JSON.stringify(value, null, 2).replaceAll(numberList, (list) => JSON.stringify(JSON.parse(list)));

/** Over several lines, which no string of JSON has. */
const numberList = /\[\n\s*-?[\d.eE+-]+(?:,\n\s*-?[\d.eE+-]+)*\n\s*\]/g;
