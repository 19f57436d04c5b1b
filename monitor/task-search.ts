/**
 * The search box of the tasks page: words separated by blanks, all of which must hold. `sales` looks in every
 * id; `dag:sales task:load worker:w1 queue:gpu state:failed error:timeout` look in one field; `try:>1
 * wait:>30s time:>5m` compare; a leading `-` negates; "double quotes" keep blanks.
 */
import { closest } from '#core/did-you-mean.ts';
import { parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import type { AttemptCondition } from '#platform/db/queries/monitor/attempt-row.ts';

/** name in the box -> field of the statement */
const TEXT_FIELDS: Readonly<Record<string, string>> = {
  dag: 'dag',
  run: 'run',
  task: 'task',
  worker: 'worker',
  queue: 'queue',
  pool: 'pool',
  operator: 'operator',
  state: 'state',
  error: 'error',
};
const NUMBER_FIELDS: Readonly<Record<string, 'count' | 'seconds'>> = { try: 'count', wait: 'seconds', time: 'seconds' };
const FIELD_NAMES = [...Object.keys(TEXT_FIELDS), ...Object.keys(NUMBER_FIELDS)];

const WORD = /(-?)(?:([a-z_]+):)?(?:"([^"]*)"|(\S+))/gi;
const COMPARISON = /^([<>=]?)(.+)$/;
const COMPARE = { '<': -1, '=': 0, '>': 1, '': 0 } as const;
const MAX_CONDITIONS = 20;
const MAX_LENGTH = 500;

/** Returns the conditions of a search, all of which must hold; throws BAD_REQUEST with what to write instead. */
export function parseTaskSearch(search: string): readonly AttemptCondition[] {
  if (search.length > MAX_LENGTH) throw new AppError('BAD_REQUEST', `The search is longer than ${MAX_LENGTH} characters. Shorten it.`);
  const conditions: AttemptCondition[] = [];
  for (const [, minus, field, quoted, bare] of search.matchAll(WORD)) {
    const text = quoted ?? bare ?? '';
    if (text !== '') conditions.push(parseWord(field?.toLowerCase(), text, minus === '-'));
  }
  if (conditions.length > MAX_CONDITIONS)
    throw new AppError('BAD_REQUEST', `The search has ${conditions.length} words; ${MAX_CONDITIONS} are allowed.`);
  return conditions;
}

function parseWord(field: string | undefined, text: string, negate: boolean): AttemptCondition {
  if (field === undefined) return { field: 'any', text, compare: null, value: null, negate };
  const textField = TEXT_FIELDS[field];
  if (textField !== undefined) return { field: textField, text, compare: null, value: null, negate };
  const unit = NUMBER_FIELDS[field];
  if (unit !== undefined) return { field, text: null, ...parseComparison(field, unit, text), negate };
  const near = closest(field, FIELD_NAMES);
  throw new AppError(
    'BAD_REQUEST',
    `The search has no field "${field}".${near ? ` Did you mean ${near}:?` : ''} Fields: ${FIELD_NAMES.join(', ')}.`,
  );
}

function parseComparison(field: string, unit: 'count' | 'seconds', text: string): Pick<AttemptCondition, 'compare' | 'value'> {
  const [, sign = '', number = ''] = COMPARISON.exec(text) ?? [];
  const bare = /^\d+(\.\d+)?$/.test(number) ? Number(number) : null;
  const durationMs = unit === 'seconds' && bare === null ? parseDuration(number) : null;
  const value = bare ?? (durationMs === null ? null : durationMs / 1000);
  if (value === null)
    throw new AppError(
      'BAD_REQUEST',
      `"${field}:${text}" is no comparison. Write for example ${unit === 'count' ? `${field}:>1` : `${field}:>30s, ${field}:<5m`}.`,
    );
  return { compare: COMPARE[sign as keyof typeof COMPARE], value };
}
