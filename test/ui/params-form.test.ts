/**
 * Goal: the trigger form asks for what a schema wants, and sends what was typed.
 * Method: the pure half of the form, over a schema that zod made.
 */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { entryOf, fieldsOf, parseEntry, parseJson, sectionsOf } from '../../webserver/ui/src/trigger/param-schema.ts';

const schema = z.toJSONSchema(
  z.object({
    day: z.iso.date().describe('First day'),
    limit: z.int().min(1).max(100).default(10),
    ratio: z.number().nullable(),
    mode: z.enum(['replace', 'append']),
    strict: z.boolean().default(true),
    columns: z.array(z.string()),
    since: z.iso.datetime(),
    options: z.object({ delimiter: z.string() }),
    comment: z.string().max(2000),
  }),
  { io: 'input' },
);
const fields = new Map(fieldsOf(schema).map((field) => [field.name, field]));
const field = (name: string) => fields.get(name)!;

describe('the trigger form', () => {
  test('has a field of the right kind for each param, in the order of the schema', () => {
    expect([...fields.values()].map(({ name, kind }) => [name, kind])).toEqual([
      ['day', 'date'],
      ['limit', 'integer'],
      ['ratio', 'number'],
      ['mode', 'enum'],
      ['strict', 'boolean'],
      ['columns', 'strings'],
      ['since', 'datetime'],
      ['options', 'json'],
      ['comment', 'multiline'],
    ]);
  });

  test('asks for what is required and has no default', () => {
    expect(field('day').isRequired).toBe(true);
    expect(field('limit').isRequired).toBe(false);
    expect(parseEntry(field('day'), '')).toEqual({ error: 'This is required.' });
  });

  test('takes an empty field of a nullable param as null', () => {
    expect(field('ratio').isNullable).toBe(true);
    expect(parseEntry(field('ratio'), '')).toEqual({ value: null });
  });

  test('says what is wrong with a number', () => {
    expect(parseEntry(field('limit'), '1.5')).toEqual({ error: 'This must be a whole number.' });
    expect(parseEntry(field('limit'), '0')).toEqual({ error: 'At least 1.' });
    expect(parseEntry(field('limit'), '101')).toEqual({ error: 'At most 100.' });
    expect(parseEntry(field('limit'), 'ten')).toEqual({ error: 'This is not a number.' });
  });

  test.each([
    ['limit', 7],
    ['mode', 'append'],
    ['strict', false],
    ['columns', ['id', 'total']],
    ['since', '2026-11-23T06:00:00.000Z'],
    ['options', { delimiter: ';' }],
    ['comment', 'two\nlines'],
  ])('gives back the value it was filled with: %s', (name, value) => {
    expect(parseEntry(field(name), entryOf(field(name), value))).toEqual({ value });
  });

  test('says where JSON is broken', () => {
    expect(parseJson('{"a": }').error).toMatch(/^Not valid JSON: /);
  });

  test('has no fields for a schema that is not an object with properties', () => {
    expect(fieldsOf(null)).toEqual([]);
    expect(fieldsOf({ type: 'string' })).toEqual([]);
  });
});

test('fields stand in their sections, values have their names, and examples are suggestions', () => {
  const made = fieldsOf({
    properties: {
      region: { type: 'string', enum: ['eu', 'us'], values_display: { eu: 'Europe' }, section: 'Where' },
      day: { type: 'string', examples: ['monday', 'friday'] },
      city: { type: 'string', section: 'Where' },
    },
  });
  expect(sectionsOf(made).map(({ title, fields }) => [title, fields.map((one) => one.name)])).toEqual([
    [null, ['day']],
    ['Where', ['region', 'city']],
  ]);
  expect(made[0]).toMatchObject({ options: ['eu', 'us'], optionLabels: ['Europe', 'us'] });
  expect(made[1]?.suggestions).toEqual(['monday', 'friday']);
});
