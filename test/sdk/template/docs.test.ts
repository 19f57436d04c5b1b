/** Goal: docs/templates.md tells of everything a template can use. Method: look every name of the tables up in it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FILTERS } from '#sdk/runtime/template/filters.ts';
import { templateGlobals } from '#sdk/runtime/template/globals.ts';
import { Lookups } from '#sdk/runtime/template/lookups.ts';
import { METHODS } from '#sdk/runtime/template/methods.ts';
import { VALUE_TESTS } from '#sdk/runtime/template/value-tests.ts';
import { ATTEMPT, render } from './rendering.ts';

const PAGE = readFileSync(new URL('../../../docs/templates.md', import.meta.url), 'utf8');
const host = { log: () => undefined, request: async () => null, heartbeat: () => undefined, signal: new AbortController().signal };
const globals = templateGlobals({ attempt: ATTEMPT, params: {}, macros: {}, lookups: new Lookups(host) });
/** There to explain why it is not there. */
const REFUSED = ['safe', 'escape', 'e', 'forceescape'];

const line = (start: string) => PAGE.split('\n').find((one) => one.startsWith(start)) ?? '';

test('every filter and test', () => {
  const told = (start: string) => [...line(start).matchAll(/`([^`]+)`/g)].map((match) => match[1]).sort();
  expect(told('| filters |')).toEqual(
    Object.keys(FILTERS)
      .filter((name) => !REFUSED.includes(name))
      .sort(),
  );
  expect(told('| tests |')).toEqual(Object.keys(VALUE_TESTS).sort());
});

test('every method', () => {
  for (const name of Object.keys(METHODS.text ?? {})) expect(line('| of texts |')).toContain(`.${name}()`);
  for (const name of Object.keys(METHODS.dict ?? {})) expect(line('| of dicts |')).toContain(`.${name}()`);
  for (const name of Object.keys(METHODS.date ?? {})) if (name !== 'format') expect(PAGE).toMatch(new RegExp(`[.\`]${name}[(\`]`));
});

test('every variable and function', () => {
  for (const name of [...Object.keys(globals.values), ...Object.keys(globals.functions)]) expect(PAGE).toContain(`\`${name}\``);
});

test('what it says is left out is refused with words', async () => {
  for (const name of ['macros.uuid', 'macros.random', 'inlets', 'execution_date', 'next_ds', 'yesterday_ds'])
    await expect(render(`{{ ${name} }}`)).rejects.toThrow(/is not available/);
  for (const name of ['include', 'macro', 'do']) await expect(render(`{% ${name} x %}`)).rejects.toThrow(/is not available/);
});
