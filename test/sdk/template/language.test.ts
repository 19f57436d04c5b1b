/**
 * Goal: templates mean what Jinja means. Method: one table of templates; what another implementation of Jinja
 * renders too must be the same there, the rest is told here.
 */
import { Template } from '@huggingface/jinja';
import { describe, expect, test } from 'vitest';
import { render } from './rendering.ts';

const VALUES = {
  user: { name: 'Ada', tags: ['b', 'a', 'c'] },
  n: 7,
  items: [1, 2, 3],
  word: 'hello world',
  pairs: [
    ['a', 1],
    ['b', 2],
  ],
  people: [
    { id: 'x', age: 3 },
    { id: 'y', age: 1 },
  ],
};

describe('as another Jinja', () => {
  test.each([
    ['{{ user.name }}-{{ user["name"] }}', 'Ada-Ada'],
    ['{{ user.tags[0] }}{{ user.tags[-1] }}', 'bc'],
    ["{{ word[:4] }}|{{ word[6:] }}|{{ word[::-1] }}|{{ items[1:]|join(',') }}|{{ items[-2:]|join }}", 'hell|world|dlrow olleh|2,3|23'],
    ['{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ 2 ** 3 }} {{ 7 - 2 - 1 }}', '7 9 3 -4 1 8 4'],
    ["{{ 'a' ~ 1 ~ 'b' }} {{ 'a' + 'b' }}", 'a1b ab'],
    ["{{ 'yes' if n > 3 and n < 10 else 'no' }} {{ 'x' if not n else 'y' }}", 'yes y'],
    ["{% if 2 in items and 'ell' in word and 'name' in user and 5 not in items %}all{% endif %}", 'all'],
    ["{{ word|upper }} {{ word|title }} {{ '  x '|trim }} {{ word|replace('o', '0') }}", 'HELLO WORLD Hello World x hell0 w0rld'],
    ['{{ word|length }} {{ items|first }} {{ items|last }} {{ word|capitalize }}', '11 1 3 Hello world'],
    ["{{ user.tags|sort|join('-') }} {{ [1,2,2,3]|unique|join(',') }} {{ '42'|int }} {{ -3|abs }}", 'a-b-c 1,2,3 42 3'],
    ["{{ {'a': 1, 'b': [1, 'x', true, none]}|tojson }}", '{"a": 1, "b": [1, "x", true, null]}'],
    ["{{ {'a': 1}|tojson(indent=2) }}", '{\n  "a": 1\n}'],
    ["{{ nothing|default('d') }} {{ 'u' if nothing is undefined }} {{ 'n' if none is none }} {{ 'o' if n is odd }}", 'd u n o'],
    ['{% if n > 10 %}big{% elif n > 5 %}mid{% else %}small{% endif %}', 'mid'],
    ["{% for i in items %}{{ loop.index }}{{ loop.index0 }}{{ i }}{{ ',' if not loop.last }}{% endfor %}", '101,212,323'],
    ['{% for k, v in user.items() %}{{ k }} {% endfor %}{% for a, b in pairs %}{{ a }}={{ b }};{% endfor %}', 'name tags a=1;b=2;'],
    ['{% for i in [] %}x{% else %}none{% endfor %}{% for i in items if i > 1 %}{{ i }}{% endfor %}', 'none23'],
    ['{% set x = 5 %}{{ x }}{% set y %}block {{ n }}{% endset %}{{ y }}', '5block 7'],
    ["a {{- ' b ' -}} c {#- comment -#} x", 'a b cx'],
    ['{% for i in range(3) %}{{ i }}{% endfor %} {% for i in range(1, 7, 2) %}{{ i }}{% endfor %}', '012 135'],
    [
      "{{ word.upper() }} {{ word.split(' ')|join('/') }} {{ ' a '.strip() }} {{ word.replace('l', 'L') }}",
      'HELLO WORLD hello/world a heLLo worLd',
    ],
    ["{{ people|map(attribute='id')|join(',') }} {{ people|sort(attribute='age')|map(attribute='id')|join(',') }}", 'x,y y,x'],
    ["{{ user.get('name', 'z') }} {{ user.get('q', 'z') }} {{ [1, [2, 3]] }} {{ 1.5 }}", 'Ada z [1, [2, 3]] 1.5'],
    ['{%- if true -%}  x  {%- endif -%}  y', 'xy'],
  ])('%s', async (template, expected) => {
    expect(await render(template, { values: VALUES })).toBe(expected);
    expect(new Template(template).render(VALUES).trimEnd()).toBe(expected.trimEnd());
  });
});

test.each([
  // Python's words, as Jinja prints them.
  ['{{ true }} {{ none }} {{ ["a", 1, {"k": "it\'s"}] }}', "True None ['a', 1, {'k': \"it's\"}]"],
  ['{{ 1 < n <= 7 }} {{ n is divisibleby 7 }} {{ n is not none }} {{ 3 is in items }}', 'True True True True'],
  ['{% raw %}{{ not a template }} {% %}{% endraw %}!', '{{ not a template }} {% %}!'],
  ['a {%- raw -%}  {{ x }}  {%- endraw -%}  b', 'a{{ x }}b'],
  ["{{ 'it''s' }}{{ '\\x41\\u0042\\n' }}", 'itsAB\n'],
  ['{{ {"a": {"b": 1}}.a.b }}{{ items.0 }}', '11'],
  ['{{ 2.5|round }} {{ 3.14159|round(2) }} {{ 3.2|round(method="ceil") }} {{ 10 / 4 }} {{ 1_000 }}', '2 3.14 4 2.5 1000'],
  ["{{ 'a-b'.split('-')[1] }} {{ 'x'.zfill(3) }} {{ ','.join(['a', 'b']) }} {{ 'abc'.endswith('bc') }}", 'b 00x a,b True'],
  ["{{ 'a b  c'.split() }} {{ 'a b c'.split(' ', 1) }}", "['a', 'b', 'c'] ['a', 'b c']"],
  ['{{ [3, 1]|sort(reverse=true) }} {{ ["b", "A"]|sort }} {{ items|sum }} {{ items|max }}', "[3, 1] ['A', 'b'] 6 3"],
  ['{{ (1, 2) + (3,) }} {{ "ab" * 2 }} {{ [0] * 3 }}', '[1, 2, 3] abab [0, 0, 0]'],
  ['{% for i in items %}{{ loop.cycle("odd", "even") }}{{ loop.revindex }} {% endfor %}', 'odd3 even2 odd1 '],
  ['{% for i in items %}{% set last = i %}{% endfor %}{{ last is defined }}', 'False'],
  ['{{ "z" if user.nothing is undefined }}{{ user.nothing|default("y") }}{{ ""|default("x", true) }}', 'zyx'],
  ['{{ word|map("upper")|join }}|{{ word|wordcount }}|{{ "a b"|urlencode }}|{{ "a\nb"|indent(2) }}', 'HELLO WORLD|2|a%20b|a\n  b'],
  ['{{ "😀x"[0] }}{{ "😀x"|length }}', '😀2'],
  ['line 1\n{% if true %}\nline 3\n{% endif %}\n', 'line 1\n\nline 3\n\n'],
  ['{{ "a-b_c (d"|title }} {{ "a-b".title() }} {{ "-7".zfill(4) }} {{ " a  b c ".split(none, 1) }}', "A-B_c (D A-B -007 ['a', 'b c ']"],
  [
    '{{ "abcdefghijkl"|truncate(8) }} {{ "one two three"|truncate(10, leeway=0) }} {{ "a\n\nb"|indent(2) }}',
    'abcdefghijkl one... a\n\n  b',
  ],
  ['{{ 2.675|round(2) }} {{ 1.25|round(1, "floor") }} {{ -2.5|round }}', '2.67 1.2 -2'],
  ['no template at all: } %} }}', 'no template at all: } %} }}'],
])('%s', async (template, expected) => {
  expect(await render(template, { values: VALUES })).toBe(expected);
});

test.each([
  ['{{ dss }}', /line 1, column 4: "dss" is unknown\. Did you mean "ds"\?/],
  ['a\n  {{ user.nme }}', /line 2, column 11: There is no "nme" here\. Did you mean "name"\?/],
  ['{{ user.a.b }}', /column 9: There is no "a" here/],
  ['{% if nothing %}x{% endif %}', /"nothing" is unknown/],
  ['{{ nothing == 1 }}', /"nothing" is unknown/],
  ['{{ items[9] }}', /There is no element 9: a list of 3 has 0 to 2/],
  ['{{ word | uper }}', /There is no filter "uper"\. Did you mean "upper"\?/],
  ['{{ n is evn }}', /There is no test "evn"\. Did you mean "even"\?/],
  ['{{ word.uper() }}', /a text has no function "uper"\. Did you mean "upper"\?/],
  ['{{ word.upper }}', /\.upper is a function: call it/],
  ['{{ word | replace("a") }}', /needs its argument "new"/],
  ['{{ word | replace("a", "b", cnt=1) }}', /has no argument "cnt"/],
  ['{{ word | safe }}', /"safe" is not available\. Templates make plain text/],
  ['{{ word | e }}', /nothing is escaped as HTML/],
  ['{{ word + 1 }}', /\+ does not work on a text and a number\. Put texts together with ~/],
  ['{{ 1 / 0 }}', /Division by zero/],
  ['{{ ds < 1 }}', /a text and a number cannot be ordered/],
  ['{{ ti }}', /ti has no text of its own/],
  ['{{ 1 ', /column 1: \{\{ has no end \}\}\. If this text is not meant as a template, put \{% raw %\}/],
  ["docker ps --format '{{.Names}}'", /Expected a value, but found \.\. If this text is not meant as a template, put \{% raw %\}/],
  ['{{ a b }}', /Expected \}\} after the expression, but found b/],
  ['{% if n %}x', /column 1: \{% if %\} has no \{% endif %\}/],
  ['{% endif %}', /\{% endif %\} ends nothing that is open here/],
  ['{% fro i in items %}', /\{% fro %\} is unknown\. Did you mean \{% for %\}\?/],
  ['{% include "x" %}', /\{% include %\} is not available\. Templates cannot read files/],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: bash
  ['${#array[@]}', /The comment \{# has no end/],
  ['{{ "a }}', /The text that begins with " has no end/],
  ['{{ a ; b }}', /";" is not part of any expression/],
  ['{{ (1 }}', /"\}" closes nothing|has no end/],
  ['{% for a, b in items %}{% endfor %}', /nothing to loop over|2 names/],
])('%s is refused with the place and the cause', async (template, message) => {
  await expect(render(template, { values: VALUES })).rejects.toThrow(message);
});
