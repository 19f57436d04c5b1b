/**
 * Goal: no template reaches the process, runs without end, or fills the memory. Method: the known ways out of
 * template engines, templates that grow, and random templates.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TEMPLATE_LIMITS } from '#sdk/runtime/template/limits.ts';
import { TemplateError } from '#sdk/runtime/template/template-error.ts';
import { render } from './rendering.ts';

class Secret {
  readonly inside = 'x';
}
const VALUES = {
  text: 'abc',
  list: [1, 2],
  dict: { a: 1, nested: { b: [1] } },
  number: 5,
  instance: new Secret(),
  run: () => process.version,
  getter: Object.defineProperty({}, 'now', { get: () => process.version, enumerable: true }),
};

test.each([
  "{{ ''.constructor.constructor('return process.version')() }}",
  "{{ ''['constructor']['constructor']('return process.version')() }}",
  "{{ range.constructor('return process.version')() }}",
  "{{ dict.constructor('return process.version')() }}",
  '{{ dict.__proto__.polluted }}',
  "{{ dict['__proto__']['polluted'] }}",
  '{{ [].constructor.from }}',
  "{{ text.upper.constructor('x')() }}",
  '{{ dict.toString() }}',
  '{{ dict.hasOwnProperty("a") }}',
  '{{ dict.valueOf }}',
  '{{ number.constructor }}',
  '{{ list.map }}',
  '{{ list.length }}',
  '{{ text.length }}',
  '{{ instance }}',
  '{{ instance.inside }}',
  '{{ instance.constructor }}',
  '{{ run() }}',
  '{{ run }}',
  '{{ getter.now }}',
  '{{ getter | tojson | replace("null", "") | first | first | int / 0 }}',
  '{{ ti.constructor }}',
  '{{ ti.__proto__ }}',
  "{{ ti['get'] }}",
  '{{ ti.values }}',
  '{{ macros.constructor }}',
  '{{ macros.__class__.__mro__ }}',
  "{{ ''.__class__.__mro__[1].__subclasses__() }}",
  '{{ logical_date.constructor }}',
  '{{ logical_date.wall }}',
  '{{ logical_date.plus }}',
  '{{ conn.constructor.constructor }}',
  '{{ loop.constructor }}',
  '{{ self }}{{ globalThis }}',
  '{{ process }}',
  '{{ constructor }}',
  '{{ __proto__ }}',
  '{{ hasOwnProperty }}',
  '{{ text | constructor }}',
  '{{ text | __proto__ }}',
  '{{ text is constructor }}',
  '{{ text | map("constructor") }}',
  '{{ list | map(attribute="constructor") | join }}',
  '{{ list | sort(attribute="__proto__") }}',
  '{{ (1).constructor }}',
  '{{ text["upper"]() }}',
  '{% set dict.a = 1 %}',
  '{% set x = run %}{{ x() }}',
])('%s does not get out', async (template) => {
  const answer = () => null;
  await expect(render(template, { values: VALUES, answer })).rejects.toThrow(TemplateError);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('keys with names of prototypes are plain keys', async () => {
  const data = JSON.parse('{"__proto__": "p", "constructor": "c", "get": "g"}') as object;
  expect(await render('{{ d.__proto__ }}{{ d["constructor"] }}{{ d.get("get") }} {{ {"__proto__": 1} }}', { values: { d: data } })).toBe(
    "pcg {'__proto__': 1}",
  );
  expect(({} as Record<string, unknown>)['d']).toBeUndefined();
});

const DOUBLE = '{% set a = a ~ a %}';
const NEST = '{% set l = [l, l] %}';
describe('a template that grows is stopped', () => {
  test.each([
    ['a long loop', '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}'],
    ['a huge range', '{{ range(10 ** 15) | length }}'],
    ['a repeated text', '{{ ("x" * 999999) ~ ("x" * 999999) }}'],
    ['a repetition beyond all strings', '{{ "x" * 10 ** 12 }}'],
    ['a repeated list', '{{ [1] * 10 ** 9 }}'],
    ['a doubled text', `{% set a = "aaaa" %}${DOUBLE.repeat(40)}{{ a }}`],
    ['a value that holds itself many times', `{% set l = [1] %}${NEST.repeat(60)}{{ l }}`],
    ['the same as JSON', `{% set l = [1] %}${NEST.repeat(60)}{{ l | tojson(indent=20) }}`],
    ['the same compared', `{% set l = [1] %}{% set m = [1] %}${`${NEST}{% set m = [m, m] %}`.repeat(60)}{{ l == m }}`],
    ['a replacement', '{% set a = "a" * 900000 %}{{ a | replace("a", a) }}'],
    ['a replacement by a method', '{% set a = "a" * 900000 %}{{ a.replace("", a) }}'],
    ['a join', '{{ ["x" * 100000] * 99999 | join }}'],
    ['joined parts', '{% set x = ["x" * 100000] * 9999 %}{{ x | join }}'],
    ['a deep indent', '{{ "\n" * 10000 | indent(900000) }}'],
    ['an indent', '{% set t = "\n" * 10000 %}{{ t | indent(900000) }}'],
    ['a wide number', '{{ "1".zfill(10 ** 9) }}'],
    ['deep brackets', `{{ ${'('.repeat(5_000)}1${')'.repeat(5_000)} }}`],
    ['deep lists', `{{ ${'['.repeat(100_000)} }}`],
    ['a long sum', `{{ 1${'+1'.repeat(100_000)} }}`],
    ['many nots', `{{ ${'not '.repeat(100_000)}1 }}`],
    ['many signs', `{{ ${'-'.repeat(100_000)}1 }}`],
    ['many attributes', `{{ dict${'.a'.repeat(100_000)} }}`],
    ['many filters', `{{ 1${'|abs'.repeat(100_000)} }}`],
    ['deep statements', '{% if 1 %}'.repeat(10_000)],
    ['much output', '{% for i in range(90000) %}xxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}'],
    ['a large power', '{{ 9e99 ** 99 }}'],
    ['a long source', 'x{{ 1 }}'.repeat(200_000)],
    ['unique of many', '{{ range(99999) | unique | length }}'],
    ['a condition at every step', `{{ 1 ${'if 1 else 1 '.repeat(50_000)} }}`],
  ])('%s', async (_name, template) => {
    const startedAt = performance.now();
    await expect(render(template, { values: VALUES })).rejects.toThrow(TemplateError);
    expect(performance.now() - startedAt).toBeLessThan(TEMPLATE_LIMITS.timeMs * 3);
  });
});

const words = fc.constantFrom(
  ...'{{ }} {% %} {# #} {%- -%} {{- -}} if else elif endif for in endfor set endset raw endraw is not and or defined none true range loop loop.index'.split(
    ' ',
  ),
  ...'ds ts ti params var.value.x conn.x.host macros.ds_add macros.timedelta text list dict number instance run . , ( ) [ ] { } : | = == < + - * / // % ** ~'.split(
    ' ',
  ),
  ...'upper default join replace split sort map tojson round int first items get constructor __proto__ strftime add "a" "%Y" 0 1 -1 9e99 1.5 logical_date'.split(
    ' ',
  ),
  ' ',
  '\n',
);
const pieces = fc.oneof({ weight: 8, arbitrary: words }, { weight: 1, arbitrary: fc.string({ maxLength: 5 }) });
const shaped = fc
  .tuple(
    fc.constantFrom('{{', '{% if', '{% for x in', '{% set x ='),
    fc.array(pieces, { maxLength: 12 }),
    fc.constantFrom('}}', '%}', '%}{% endif %}', '%}{{ x }}{% endfor %}'),
  )
  .map(([open, inside, close]) => `${open} ${inside.join(' ')} ${close}`);

test('random templates render or fail with a TemplateError', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.array(pieces, { maxLength: 30 }).map((list) => list.join('')),
        shaped,
        fc.string(),
      ),
      async (template) => {
        try {
          expect(typeof (await render(template, { values: VALUES, answer: () => null }))).toBe('string');
        } catch (error) {
          if (!(error instanceof TemplateError)) throw error;
          expect(error.message).not.toMatch(/undefined is not|Cannot read prop|is not a function\b.*\(/);
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

test('random data is shown and compared without an error of ours', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true, withNullPrototype: true }),
      async (data) => {
        for (const template of [
          '{{ d }}',
          '{{ d | tojson }}',
          '{{ d == d }}',
          '{% for x in d %}{{ x }}{% endfor %}',
          '{{ d.a }}{{ d[0] }}',
          '{{ d | sort | first }}',
          '{{ d | int }}',
        ])
          await render(template, { values: { d: data } }).catch((error: unknown) => {
            if (!(error instanceof TemplateError)) throw error;
          });
      },
    ),
    { numRuns: 500 },
  );
});
