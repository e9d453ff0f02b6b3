/** Values that break readers: what numbers, texts and structures of a file are replaced with. */
import { pick, type Random } from './random.ts';

const DEEP = 100_000;

/** JSON as it stands in a file, valid or not: numbers out of range, other types, structures too deep or too long. */
const rawJson: readonly string[] = [
  ...['0', '-0', '-1', '1', '2', '3', '7', '0.5', '1e-320', '1e308', '-1e308', '1e999', 'NaN', '-Infinity'],
  ...['2147483647', '2147483648', '4294967295', '4294967296', '1000000000', '9007199254740991', '9007199254740993'],
  ...['9223372036854775807', '9223372036854775808', '18446744073709551616', '1e400', '00', '0x10'],
  ...['true', 'false', 'null', '""', '"0"', '"32"', '"NaN"', '" "', '"\\u0000"', '"\\ud800"', '"__proto__"'],
  ...['[]', '{}', '[[]]', '[null]', '[-1]', '[0]', '[1e9,1e9]', '[9007199254740991,2]', '["x","x"]', '[1,"x"]'],
  ...['{"__proto__":{"x":1}}', '{"constructor":1,"toString":2,"length":-1}', '{"type":7}', '{"type":"Sequence"}'],
  '['.repeat(DEEP) + ']'.repeat(DEEP),
  '{"a":'.repeat(DEEP) + '0' + '}'.repeat(DEEP),
  '['.repeat(DEEP),
  `"${'x'.repeat(300_000)}"`,
  `[${'0,'.repeat(100_000)}0]`,
  `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":0`).join()}}`,
];

const dtypes = ['F32', 'F16', 'BF16', 'F64', 'F8_E4M3', 'I64', 'U8', 'BOOL', 'f32', 'F99', ''];

const files = [
  ...['../model.safetensors', '/dev/zero', '.', '..', '', '/', 'config.json', 'model.safetensors.index.json'],
  ...['model-00001-of-00002.safetensors', 'model-00003-of-00002.safetensors', 'tokenizer.json', 'a\u0000b'],
];

/** Regular expressions that are wrong, match nothing or everything, or take for ever. */
const patterns = [
  ...['(', '[', '*', '\\', '(?<a>', '\\p{Foo}', '(?i', '(?P<x>a)', 'a{99999999999}', '', '^', '$', '|', '\\b', '.'],
  ...['(a+)+$', '(a|a)*$', '(.*)*x', '(\\s|\\S)*?y$', '((a*)*)*b', '(?=(a+))*!', '(x+x+)+y', '^(([a-z])+.)+[A-Z]$'],
  ...['.{1,60000}', '(?:)*', '[\\s\\S]{0,9999}z', '(?<!a+)b', '(a{0,50}){0,50}$'],
];

/** Chat templates that raise, do not parse, run for ever or fill the memory. */
const templates = [
  ...["{{ raise_exception('no') }}", '{{', '{%', '{% for %}', '{% if x %}', '{{ x.y.z }}', '{{ 1 / 0 }}', '{{ x() }}'],
  ...[
    '{% for i in range(10**9) %}x{% endfor %}',
    '{% for i in range(1000000000) %}{% endfor %}',
    '{{ range(999999999) }}',
  ],
  ...[
    '{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}{% endfor %}{% endfor %}{% endfor %}',
  ],
  "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}",
  "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}{{ n.s | length }}",
  '{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}{{ n.l | length }}',
  '{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}',
  "{{ 'x' * 1000000000 }}",
  "{{ messages[0]['content'] | indent(999999999) }}",
  '{{ messages.constructor.constructor("return process")() }}',
  '{{ messages[99999].content }}{{ messages.__proto__ }}',
  '{{ '.repeat(5000),
  `{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`,
  `{{ ${'-'.repeat(50_000)}1 }}`,
  `{{ ${'[0]+'.repeat(20_000)}[0] }}`,
  '{% if 1 %}'.repeat(20_000),
  'x'.repeat(2_000_000),
  '{{ messages }}'.repeat(20_000),
];

const texts = [
  ...['', ' ', 'x', '\u0000', '\ud800', '\uffff', '__proto__', 'constructor', 'toString', '../x', 'null', '7', '-1'],
  ...['llama', 'gpt2', 'gemma2', 'qwen2', 'qwen3', 'mistral', 'mamba', 'gelu', 'silu', 'yarn', 'linear', 'default'],
  ...[
    'BPE',
    'Unigram',
    'WordPiece',
    'WordLevel',
    'Sequence',
    'ByteLevel',
    'Metaspace',
    'Split',
    'Replace',
    'Lowercase',
  ],
  'ab '.repeat(100_000),
];

/** Unsigned integers, to be cut to a field's width. */
const integers = [
  ...[0n, 1n, 2n, 3n, 5n, 7n, 8n, 9n, 10n, 12n, 13n, 14n, 30n, 31n, 33n, 63n, 64n, 255n, 256n, 65_535n, 65_536n],
  ...[10n ** 6n, 10n ** 9n, 2n ** 20n, 2n ** 24n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 40n],
  ...[
    2n ** 52n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 60n,
    2n ** 62n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 32n,
    2n ** 64n - 1n,
  ],
];

export function extremeJson(random: Random): string {
  return pick(random, rawJson);
}

export function extremeInteger(random: Random): bigint {
  return pick(random, integers);
}

/** A text that is bad in the way that matters where it stands; `where` is the key or path of the field. */
export function extremeText(where: string, random: Random): string {
  return pick(random, random() < 0.3 ? texts : listFor(where));
}

function listFor(where: string): readonly string[] {
  if (/template/i.test(where)) return templates;
  if (/regex|pattern|String/.test(where)) return patterns;
  if (/dtype/.test(where)) return dtypes;
  if (/weight_map/.test(where)) return files;
  return texts;
}
