/** Reads a params JSON Schema into the fields of a form, and a form's entries back into values. Pure. */

export type FieldKind =
  | 'text'
  | 'multiline'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'enum'
  | 'date'
  | 'datetime'
  | 'time'
  | 'strings'
  | 'json';

export interface ParamField {
  readonly name: string;
  readonly label: string;
  readonly description: string | null;
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  readonly isNullable: boolean;
  /** Of an enum: its values, as they are. */
  readonly options: readonly unknown[];
  /** Of an enum: what they are called. */
  readonly optionLabels: readonly string[];
  /** Values one may want: shown while typing. */
  readonly suggestions: readonly string[];
  /** Fields of one section stand together under its name. */
  readonly section: string | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly pattern: string | null;
  readonly placeholder: string | null;
}

type Schema = Readonly<Record<string, unknown>>;

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** `T | null` is a nullable T: zod writes it as anyOf, people as a list of types. */
function withoutNull(schema: Schema): { readonly schema: Schema; readonly isNullable: boolean } {
  const { anyOf, type } = schema;
  if (Array.isArray(anyOf)) {
    const others = anyOf.map(asSchema).filter((option) => option['type'] !== 'null');
    if (others.length === 1 && others.length < anyOf.length)
      return { schema: { ...schema, anyOf: undefined, ...others[0] }, isNullable: true };
    return { schema, isNullable: others.length < anyOf.length };
  }
  if (Array.isArray(type) && type.includes('null')) {
    const others = type.filter((name) => name !== 'null');
    return { schema: { ...schema, type: others.length === 1 ? others[0] : others }, isNullable: true };
  }
  return { schema, isNullable: false };
}

function kindOf(schema: Schema): FieldKind {
  const { type, format } = schema;
  if (Array.isArray(schema['enum'])) return 'enum';
  if (type === 'boolean' || type === 'integer' || type === 'number') return type;
  if (type === 'array')
    return asSchema(schema['items'])['type'] === 'string' && asSchema(schema['items'])['enum'] === undefined ? 'strings' : 'json';
  if (type !== 'string') return 'json';
  if (format === 'date') return 'date';
  if (format === 'time') return 'time';
  if (format === 'date-time') return 'datetime';
  return format === 'multiline' || schema['x-multiline'] === true || (number(schema['maxLength']) ?? 0) > 300 ? 'multiline' : 'text';
}

/** The fields of a schema in its own order; empty when it is not an object with properties. */
export function fieldsOf(schema: Schema | null): readonly ParamField[] {
  const properties = asSchema(schema?.['properties']);
  const required = new Set(Array.isArray(schema?.['required']) ? (schema['required'] as unknown[]) : []);
  return Object.entries(properties).map(([name, raw]) => {
    const { schema: own, isNullable } = withoutNull(asSchema(raw));
    return {
      name,
      label: text(own['title']) ?? name,
      description: text(own['description']) ?? text(own['description_md']),
      kind: kindOf(own),
      isRequired: required.has(name) && own['default'] === undefined,
      isNullable,
      ...optionsOf(own),
      suggestions: suggestionsOf(own),
      section: text(own['section']),
      minimum: number(own['minimum']) ?? number(own['exclusiveMinimum']),
      maximum: number(own['maximum']) ?? number(own['exclusiveMaximum']),
      pattern: text(own['pattern']),
      placeholder: text(asSchema({ first: (own['examples'] as unknown[] | undefined)?.[0] })['first']),
    };
  });
}

/** `values_display`: names of the values, by value, as in Airflow. */
function optionsOf(schema: Schema): Pick<ParamField, 'options' | 'optionLabels'> {
  const options = Array.isArray(schema['enum']) ? (schema['enum'] as unknown[]) : [];
  const names = asSchema(schema['values_display']);
  const label = (option: unknown) => text(names[String(option)]) ?? (typeof option === 'string' ? option : JSON.stringify(option));
  return { options, optionLabels: options.map(label) };
}

function suggestionsOf(schema: Schema): readonly string[] {
  const { examples } = schema;
  if (!Array.isArray(examples)) return [];
  return examples.filter((example) => typeof example === 'string' || typeof example === 'number').map(String);
}

/** Fields by section, in the order in which each first appears; those without one first. */
export function sectionsOf(
  fields: readonly ParamField[],
): readonly { readonly title: string | null; readonly fields: readonly ParamField[] }[] {
  const titles = [...new Set<string | null>([null, ...fields.map((field) => field.section)])];
  return titles
    .map((title) => ({ title, fields: fields.filter((field) => field.section === title) }))
    .filter((section) => section.fields.length > 0);
}

/** What stands in a field: text, or the on/off of a boolean. */
export type Entry = string | boolean;

/** The entry that shows a value. */
export function entryOf(field: ParamField, value: unknown): Entry {
  if (field.kind === 'boolean') return value === true;
  if (value === undefined || value === null) return '';
  if (field.kind === 'strings' && Array.isArray(value)) return value.join('\n');
  if (field.kind === 'enum') return String(field.options.findIndex((option) => JSON.stringify(option) === JSON.stringify(value)));
  if (field.kind === 'json') return JSON.stringify(value, null, 2);
  if (field.kind === 'datetime' && typeof value === 'string') return toLocalInput(value);
  return String(value);
}

export type Parsed = { readonly value: unknown; readonly error?: undefined } | { readonly value?: undefined; readonly error: string };

/** The value an entry means, or what is wrong with it. An empty field means null, or "not given" (undefined). */
export function parseEntry(field: ParamField, entry: Entry): Parsed {
  if (typeof entry === 'boolean') return { value: entry };
  const isText = field.kind === 'text' || field.kind === 'multiline';
  if (entry.trim() === '' && field.kind !== 'strings') {
    if (field.isNullable) return { value: null };
    if (field.isRequired) return { error: 'This is required.' };
    return { value: isText && field.placeholder === null ? '' : undefined };
  }
  return PARSERS[field.kind](field, entry);
}

const PARSERS: Readonly<Record<FieldKind, (field: ParamField, entry: string) => Parsed>> = {
  text: (field, entry) =>
    field.pattern !== null && !new RegExp(field.pattern, 'u').test(entry) ? { error: `It must match ${field.pattern}.` } : { value: entry },
  multiline: (_field, entry) => ({ value: entry }),
  number: (field, entry) => parseNumber(field, entry, false),
  integer: (field, entry) => parseNumber(field, entry, true),
  boolean: (_field, entry) => ({ value: entry === 'true' }),
  enum: (field, entry) => ({ value: field.options[Number(entry)] }),
  date: (_field, entry) => ({ value: entry }),
  time: (_field, entry) => ({ value: entry.length === 5 ? `${entry}:00` : entry }),
  datetime: (_field, entry) => {
    const at = new Date(entry);
    return Number.isNaN(at.getTime()) ? { error: 'This is not a date and time.' } : { value: at.toISOString() };
  },
  strings: (_field, entry) => ({
    value: entry
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  }),
  json: (_field, entry) => parseJson(entry),
};

function parseNumber({ minimum, maximum }: ParamField, entry: string, isWhole: boolean): Parsed {
  const value = Number(entry);
  if (!Number.isFinite(value)) return { error: 'This is not a number.' };
  if (isWhole && !Number.isInteger(value)) return { error: 'This must be a whole number.' };
  if (minimum !== null && value < minimum) return { error: `At least ${minimum}.` };
  if (maximum !== null && value > maximum) return { error: `At most ${maximum}.` };
  return { value };
}

/** Reads JSON and says in a short sentence what is wrong with it. */
export function parseJson(source: string): Parsed {
  try {
    return { value: JSON.parse(source) };
  } catch (error) {
    return { error: `Not valid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** 2026-11-23T05:00:00Z → 2026-11-23T06:00:00 in the reader's zone, as datetime-local fields want it. */
function toLocalInput(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
