/** Texts and values that have hurt somebody before. */
import fc from 'fast-check';

export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  'javascript:alert(1)',
  '../../../etc/passwd',
  '%2e%2e%2f%2e%2e%2f',
  'a\0b',
  '__proto__',
  'constructor',
  'toString',
  '\u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007',
  '\u202egnp.exe',
  '\ud800',
  'x\udfff',
  "'; drop table dag; --",
  '{{ conn.warehouse.password }}',
  `${'$'}{process.env}`,
  '~',
  '*',
  '%',
  '_%',
  '|',
  '-',
  '0000-00-00T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '-000001-01-01',
  '1e309',
  'NaN',
  'null',
  '-1',
  '2147483648',
  '9007199254740993',
  '🦀'.repeat(50),
  'x'.repeat(5_000),
];

export const hostileText = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 300 }),
);

/** Anything JSON can say, and mostly what nobody asked for. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, 2 ** 31, 2 ** 53, [], {}, [[[[]]]], { $windlass: 'date', value: 7 }),
  fc.jsonValue({ maxDepth: 3 }),
);

const LEVELS = 10_000;
/** JSON without a bottom, as text: whoever would make it with JSON.stringify runs out of stack, and so may who reads it. */
export const DEEP_JSON: readonly (readonly [string, string])[] = [
  ['lists', `${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`],
  ['objects', `${'{"a":'.repeat(LEVELS)}1${'}'.repeat(LEVELS)}`],
  ['tagged values', `${'{"$windlass":"set","value":['.repeat(LEVELS)}1${']}'.repeat(LEVELS)}`],
];
