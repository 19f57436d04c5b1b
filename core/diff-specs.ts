/**
 * What differs between two versions of a DAG, in the author's terms: tasks and groups by id, the rest by the name of
 * the setting. Pure, so that the DAG processor, the API and the UI say the same.
 */
import { canonicalJson } from './canonical-json.ts';
import type { DagSpec } from './dag-spec.ts';

export interface SpecChange {
  /** "schedule", "task load", "task load: retries", "group etl". */
  readonly what: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** Undefined where there was nothing, or is nothing any more. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Lists of the spec whose entries have an id of their own. */
const KEYED = { tasks: ['task', 'taskId'], groups: ['group', 'groupId'], mapScopes: ['mapped region', 'scopeId'] } as const;

type Fields = Readonly<Record<string, unknown>>;

/** Returns the changes: settings first, then tasks and groups; empty = the same DAG. */
export function diffSpecs(before: DagSpec, after: DagSpec): readonly SpecChange[] {
  const [old, young] = [before as unknown as Fields, after as unknown as Fields];
  // A stored spec comes back with its keys in another order: settings by name, then the lists.
  const names = [...new Set([...Object.keys(old), ...Object.keys(young), ...Object.keys(KEYED)])].sort((a, b) =>
    placeOf(a).localeCompare(placeOf(b)),
  );
  return names.flatMap((name) =>
    Object.hasOwn(KEYED, name)
      ? diffLists(KEYED[name as keyof typeof KEYED], listOf(old[name]), listOf(young[name]))
      : diffField(name, old[name], young[name]),
  );
}

/** One line per change, for a log or a warning: "task load: retries 1 -> 2". */
export function changeInWords({ what, kind, before, after }: SpecChange): string {
  if (kind !== 'changed') return `${what} ${kind}`;
  return `${what} ${short(before)} -> ${short(after)}`;
}

function placeOf(name: string): string {
  const index = Object.keys(KEYED).indexOf(name);
  return index < 0 ? `0${name}` : `1${index}`;
}

function diffLists([noun, idField]: readonly [string, string], before: readonly Fields[], after: readonly Fields[]): readonly SpecChange[] {
  const old = new Map(before.map((entry) => [entry[idField] as string, entry]));
  const young = new Map(after.map((entry) => [entry[idField] as string, entry]));
  const changes: SpecChange[] = [];
  for (const [id, entry] of old) if (!young.has(id)) changes.push({ what: `${noun} ${id}`, kind: 'removed', before: entry });
  for (const [id, entry] of young) {
    const known = old.get(id);
    if (known === undefined) changes.push({ what: `${noun} ${id}`, kind: 'added', after: entry });
    else
      for (const name of new Set([...Object.keys(known), ...Object.keys(entry)]))
        changes.push(...diffField(`${noun} ${id}: ${name}`, known[name], entry[name]));
  }
  if (changes.length === 0 && [...old.keys()].join('\n') !== [...young.keys()].join('\n'))
    changes.push({ what: `order of the ${noun}s`, kind: 'changed', before: [...old.keys()], after: [...young.keys()] });
  return changes;
}

function diffField(what: string, before: unknown, after: unknown): readonly SpecChange[] {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return [];
  return [{ what, kind: 'changed', before: before ?? null, after: after ?? null }];
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly Fields[]) : [];
}

const SHORT_CHARS = 80;

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= SHORT_CHARS ? text : `${text.slice(0, SHORT_CHARS)}…`;
}
