/** Records of a REST API, page by page. */

import type { CsvType } from '../csv/csv-types.ts';
import { readNdjsonBatches } from '../ndjson/read-ndjson.ts';
import { askRest, valueAt, withoutQuery } from './ask-rest.ts';
import type { SyncCtx, SyncPage, SyncSource, SyncState } from './sync-types.ts';

/** How the API says what comes after a page. */
export type Pagination =
  /** `?page=1`, `?page=2`, … until a page is empty. */
  | { readonly kind: 'page'; readonly param?: string; readonly start?: number }
  /** `?offset=0&limit=100`, … until a page has fewer. */
  | { readonly kind: 'offset'; readonly param?: string; readonly limitParam?: string; readonly limit: number }
  /** The answer has a token for the next page at `path`, until it is absent. */
  | { readonly kind: 'token'; readonly path: string; readonly param: string }
  /** The answer's Link header (rel="next"), or the address at `path` in it, until there is none. */
  | { readonly kind: 'link'; readonly path?: string };

export interface RestSourceOptions {
  readonly url: string;
  /** A connection whose password is sent as a bearer token, or with its login as basic authentication. */
  readonly connection?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  /** Where the list of records is in an answer: "data.items". Default: the answer is the list. */
  readonly records?: string;
  /** The columns and their types; what is not named is left out. Objects and lists become text of JSON. */
  readonly types: Readonly<Record<string, CsvType>>;
  /** Default: there is one page. */
  readonly pagination?: Pagination;
  /** Only what is new: the greatest value of `field` so far is sent as `param`. */
  readonly cursor?: { readonly field: string; readonly param: string };
  /** Pages of one run, default 10,000: an API that never ends would never let the task end. */
  readonly pagesMax?: number;
}

interface RestState {
  /** The greatest cursor value that was seen. */
  readonly greatest?: string | number;
  /** Of a run that has not come to its end: the next request, and the cursor value it began with. */
  readonly next?: string;
  readonly since?: string | number;
}

const PAGES_MAX = 10_000;

/** An attempt that was killed goes on at the page it was to ask for next. */
export function restSource(options: RestSourceOptions): SyncSource {
  return {
    name: `rest ${withoutQuery(options.url)}`,
    async *pages(ctx: SyncCtx, given: SyncState | null): AsyncGenerator<SyncPage> {
      const state = (given ?? {}) as RestState;
      const since = state.next === undefined ? state.greatest : state.since;
      let { greatest } = state;
      let url: string | null = state.next ?? firstUrl(options, since);
      const pagesMax = options.pagesMax ?? PAGES_MAX;
      for (let count = 0; url !== null; count++) {
        if (count >= pagesMax)
          throw new RangeError(`${options.url} had more than ${pagesMax} pages (pagesMax) in one run. The next one goes on from here.`);
        const answer = await askRest(ctx, url, options);
        const records = recordsOf(answer.body, options);
        greatest = greatestOf(records, options, greatest);
        url = nextUrl(options, url, answer, records.length);
        const next: RestState = {
          ...(greatest !== undefined && { greatest }),
          ...(url !== null && { next: url, ...(since !== undefined && { since }) }),
        };
        yield* pagesOf(records, options, { ...next });
      }
    },
  };
}

function firstUrl({ url, query = {}, pagination, cursor }: RestSourceOptions, since: string | number | undefined): string {
  const address = new URL(url);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, String(value));
  if (cursor !== undefined && since !== undefined) address.searchParams.set(cursor.param, String(since));
  if (pagination?.kind === 'page') address.searchParams.set(pagination.param ?? 'page', String(pagination.start ?? 1));
  if (pagination?.kind === 'offset') {
    address.searchParams.set(pagination.param ?? 'offset', '0');
    address.searchParams.set(pagination.limitParam ?? 'limit', String(pagination.limit));
  }
  return address.href;
}

/** Null = that was the last page. */
function nextUrl(
  { pagination }: RestSourceOptions,
  url: string,
  { body, link }: Awaited<ReturnType<typeof askRest>>,
  count: number,
): string | null {
  const address = new URL(url);
  const add = (name: string, by: number, from: number): string => {
    address.searchParams.set(name, String(Number(address.searchParams.get(name) ?? from) + by));
    return address.href;
  };
  switch (pagination?.kind) {
    case undefined:
      return null;
    case 'page':
      return count === 0 ? null : add(pagination.param ?? 'page', 1, pagination.start ?? 1);
    case 'offset':
      return count < pagination.limit ? null : add(pagination.param ?? 'offset', pagination.limit, 0);
    case 'token': {
      const token = valueAt(body, pagination.path);
      if (token === null || token === undefined || token === '') return null;
      address.searchParams.set(pagination.param, String(token));
      return address.href;
    }
    case 'link': {
      const next = pagination.path === undefined ? link : valueAt(body, pagination.path);
      return typeof next === 'string' && next !== '' ? new URL(next, url).href : null;
    }
  }
}

function recordsOf(body: unknown, { records, url }: RestSourceOptions): readonly Readonly<Record<string, unknown>>[] {
  const list = records === undefined ? body : valueAt(body, records);
  if (!Array.isArray(list))
    throw new TypeError(
      `The answer of ${url} has no list of records ${records === undefined ? '(name where it is: records)' : `at "${records}"`}.`,
    );
  return list as Readonly<Record<string, unknown>>[];
}

function greatestOf(
  records: readonly Readonly<Record<string, unknown>>[],
  { cursor }: RestSourceOptions,
  before: string | number | undefined,
): string | number | undefined {
  if (cursor === undefined) return undefined;
  let greatest = before;
  for (const record of records) {
    const value = record[cursor.field];
    if ((typeof value === 'string' || typeof value === 'number') && (greatest === undefined || value > greatest)) greatest = value;
  }
  return greatest;
}

/** Also a page without records moves the state on. */
async function* pagesOf(records: readonly object[], { types, url }: RestSourceOptions, state: SyncState): AsyncGenerator<SyncPage> {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const options = { types, undeclared: 'skip' as const, name: url, batchRows: Math.max(1, records.length) };
  for await (const batch of readNdjsonBatches([new TextEncoder().encode(text)], options)) yield { batch, state };
}
