/** Readers of single option values: each returns the value or throws DAG_INVALID saying what was wanted. */
import { parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';

function refuse(where: string, name: string, value: unknown, wanted: string): never {
  let shown: string;
  try {
    shown = typeof value === 'object' ? (JSON.stringify(value) ?? String(value)) : String(JSON.stringify(value) ?? value);
  } catch {
    shown = 'a value that cannot be shown';
  }
  throw new AppError('DAG_INVALID', `Option "${name}" of ${where} must be ${wanted}, but is ${shown.slice(0, 100)}.`);
}

export interface Place {
  /** 'task "load"' or 'DAG "etl"'. */
  readonly where: string;
  readonly name: string;
}

export function durationMs({ where, name }: Place, value: unknown): number {
  return parseDuration(value) ?? refuse(where, name, value, 'a duration like "30s", "5m" or "1h" (or a number of milliseconds)');
}

export function wholeNumber({ where, name }: Place, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= 2 ** 31 - 1) return value;
  return refuse(where, name, value, `a whole number, at least ${least}`);
}

export function anyInteger({ where, name }: Place, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) < 2 ** 31) return value;
  return refuse(where, name, value, 'a whole number');
}

export function positiveNumber({ where, name }: Place, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least) return value;
  return refuse(where, name, value, `a number, at least ${least}`);
}

export function flag({ where, name }: Place, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(where, name, value, 'true or false');
}

export function text({ where, name }: Place, value: unknown): string {
  return typeof value === 'string' ? value : refuse(where, name, value, 'text');
}

export function key({ where, name }: Place, value: unknown): string {
  return isKey(value) ? value : refuse(where, name, value, 'a name of letters, digits and _ . -');
}

export function oneOf<T extends string>({ where, name }: Place, value: unknown, choices: readonly T[]): T {
  return choices.includes(value as T) ? (value as T) : refuse(where, name, value, `one of ${choices.join(', ')}`);
}

export function texts({ where, name }: Place, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return [...(value as string[])];
  return refuse(where, name, value, 'a list of texts');
}

export function func({ where, name }: Place, value: unknown): (...args: unknown[]) => unknown {
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown) : refuse(where, name, value, 'a function');
}

/** An instant as ISO-8601. Text without a zone counts as UTC. */
export function instant({ where, name }: Place, value: unknown): string {
  const wanted = 'a Date or an ISO date like "2026-01-31" or "2026-01-31T06:00:00Z"';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? refuse(where, name, 'an invalid Date', wanted) : value.toISOString();
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(value)) return refuse(where, name, value, wanted);
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/i.test(value);
  const date = new Date(hasZone || value.length === 10 ? value : `${value}Z`);
  return Number.isNaN(date.getTime()) ? refuse(where, name, value, wanted) : date.toISOString();
}

/** An object that JSON can say. */
export function plainObject({ where, name }: Place, value: unknown): Readonly<Record<string, unknown>> {
  const wanted = 'an object of plain values';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(where, name, value, wanted);
  try {
    return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  } catch {
    return refuse(where, name, 'something that is no JSON', wanted);
  }
}
