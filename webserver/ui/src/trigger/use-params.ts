import { useMemo, useState } from 'react';
import type { UiDag } from '../../../ui-api/types.ts';
import { type Entry, entryOf, fieldsOf, type ParamField, parseEntry, parseJson } from './param-schema.ts';

export interface ParamsForm {
  readonly fields: readonly ParamField[];
  readonly entries: Readonly<Record<string, Entry>>;
  readonly errors: Readonly<Record<string, string>>;
  /** What the form means right now as JSON; while it is being edited as JSON, that text. */
  readonly json: string;
  readonly jsonError: string | null;
  /** The params to send; null while something is wrong. */
  readonly conf: Readonly<Record<string, unknown>> | null;
  readonly setEntry: (name: string, entry: Entry) => void;
  readonly setJson: (text: string) => void;
}

type Values = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The form and its JSON twin over one set of entries: a change on either side shows on the other at once, and
 * keys the schema does not know stay in the JSON.
 */
export function useParams(dag: Pick<UiDag, 'paramsSchema' | 'paramsDefaults'>, initialConf: unknown): ParamsForm {
  const fields = useMemo(() => fieldsOf(dag.paramsSchema), [dag.paramsSchema]);
  const initial: Values = useMemo(
    () => ({ ...dag.paramsDefaults, ...(isObject(initialConf) ? initialConf : {}) }),
    [dag.paramsDefaults, initialConf],
  );
  const [entries, setEntries] = useState(() => entriesOf(fields, initial));
  const [extra, setExtra] = useState<Values>(() => unknownKeys(fields, initial));
  const [draft, setDraft] = useState<{ readonly text: string; readonly error: string | null } | null>(null);

  const errors: Record<string, string> = {};
  const conf: Record<string, unknown> = {};
  for (const field of fields) {
    const parsed = parseEntry(field, entries[field.name] ?? '');
    if (parsed.error !== undefined) errors[field.name] = parsed.error;
    else if (parsed.value !== undefined) conf[field.name] = parsed.value;
  }
  Object.assign(conf, extra);

  return {
    fields,
    entries,
    errors,
    json: draft?.text ?? JSON.stringify(conf, null, 2),
    jsonError: draft?.error ?? null,
    conf: (draft?.error ?? null) === null && Object.keys(errors).length === 0 ? conf : null,
    setEntry: (name, entry) => {
      setDraft(null);
      setEntries((current) => ({ ...current, [name]: entry }));
    },
    setJson: (text) => {
      const parsed = parseJson(text);
      if (parsed.error !== undefined) return setDraft({ text, error: parsed.error });
      if (!isObject(parsed.value)) return setDraft({ text, error: 'Params are an object: { … }.' });
      setEntries(entriesOf(fields, parsed.value));
      setExtra(unknownKeys(fields, parsed.value));
      // The text stays as typed: formatting it under the cursor would hurt.
      setDraft({ text, error: null });
    },
  };
}

function entriesOf(fields: readonly ParamField[], values: Values): Readonly<Record<string, Entry>> {
  return Object.fromEntries(fields.map((field) => [field.name, entryOf(field, values[field.name])]));
}

function unknownKeys(fields: readonly ParamField[], values: Values): Values {
  const known = new Set(fields.map((field) => field.name));
  return Object.fromEntries(Object.entries(values).filter(([name]) => !known.has(name)));
}
