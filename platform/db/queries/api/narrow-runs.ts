/**
 * Which runs a page of task instances has to be looked for in. A run that has ended has a summary (summarize-runs.ts), which holds
 * while the run has the same end and revision: it says how many instances in which states there are, and between which bounds they began
 * and ended. So the runs that cannot have a row of the page are left out, and none that can. A run without a summary is always in.
 */
import { FINISHED_STATES } from '#core/states.ts';
import { type Filter, type ListRequest, OPERATORS } from '../../list-query.ts';
import type { Parameters } from '../../parameters.ts';

/** What is the same for all instances of a run: field -> SQL. */
export const RUN_FIELDS: Readonly<Record<string, string>> = {
  dag_id: 'r.dag_id',
  run_id: 'r.run_id',
  version_number: 'v.version_number',
  run_after: 'r.run_after',
  logical_date: 'r.logical_date',
  data_interval_start: 'r.data_interval_start',
  data_interval_end: 'r.data_interval_end',
};

/** The least and the greatest value among a run's instances, and how many of them have none. */
interface Bounds {
  readonly first: string;
  readonly last: string;
  readonly without: string;
}

const INSTANCE_BOUNDS: Readonly<Record<string, Bounds>> = {
  start_date: { first: 's.first_started_at', last: 's.last_started_at', without: 's.unstarted' },
  end_date: { first: 's.first_ended_at', last: 's.last_ended_at', without: 's.unended' },
  map_index: { first: 's.first_map_index', last: 's.last_map_index', without: '0' },
};
const RANGES: readonly string[] = ['gte', 'gt', 'lte', 'lt'];

export interface NarrowedRuns {
  /**
   * A query of the runs: dag_run_id; is_summed, its summary says that `fitting` of its instances fit, no more and no fewer; and more
   * for the cut.
   */
  readonly text: string;
  /** Where a page of so many rows (SQL) ends at the latest; null = by this order a row of any run may come first. */
  readonly cutAfter: (rows: () => string) => Cut | null;
  /** There are filters that summaries do not know: `is_summed` and `fitting` mean nothing. */
  readonly hasOtherFilters: boolean;
}

export interface Cut {
  /** `cut`, with a comma before it; reads `run`. */
  readonly text: string;
  /** Condition on run `c`: it may have a row before the cut. */
  readonly isNear: string;
}

export function narrowRuns(request: ListRequest, at: Parameters): NarrowedRuns {
  const ofRuns = request.filters.filter((filter) => Object.hasOwn(RUN_FIELDS, filter.field));
  const ofStates = request.filters.filter((filter) => filter.field === 'state');
  const ranges = request.filters.filter(isBoundedRange);
  const hasOtherFilters = request.filters.length > ofRuns.length + ofStates.length + ranges.length;
  const counted = countFitting(ofStates);
  const sides = ranges.map((filter) => sidesOf(filter, at));
  const withouts = [...new Set(ranges.map(({ field }) => (INSTANCE_BOUNDS[field] as Bounds).without))].filter((text) => text !== '0');
  // Of which state those are that have no such instant, a summary does not say.
  const isPlain = ofStates.length === 0 && withouts.length <= 1;
  const inside = [...sides.map(({ all }) => all), ...(isPlain ? [] : withouts.map((without) => `${without} = 0`))];
  const fitting = [counted, ...(isPlain ? withouts : [])].join(' - ');
  const possible = [...(ofStates.length > 0 ? [`${counted} > 0`] : []), ...sides.map(({ some }) => some)];
  const conditions = [
    ...ofRuns.map((filter) => OPERATORS[filter.operator](RUN_FIELDS[filter.field] as string, `$${at.next([filter.value])}`)),
    ...(possible.length > 0 ? [`(s.dag_run_id is null or (${possible.join(' and ')}))`] : []),
  ];
  const bounds = boundsOf(request);
  const sure = bounds === null || withouts.includes(bounds.without) ? fitting : `${fitting} - ${bounds.without}`;
  const text = `
  select r.dag_run_id, ${['s.dag_run_id is not null', ...inside].join(' and ')} as is_summed, ${fitting} as fitting${
    bounds === null ? '' : `, ${bounds.first} as first_value, ${bounds.last} as last_value, ${sure} as sure`
  }
    from dag_run r ${ofRuns.some(({ field }) => field === 'version_number') ? 'join dag_version v on v.version_id = r.version_id' : ''}
    left join dag_run_summary s on s.dag_run_id = r.dag_run_id and s.ended_at = r.ended_at and s.revision = r.revision
   ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}`;
  return { text, hasOtherFilters, cutAfter: (rows) => cutAfter(request, bounds, rows) };
}

function isBoundedRange({ field, operator }: Filter): boolean {
  return Object.hasOwn(INSTANCE_BOUNDS, field) && RANGES.includes(operator);
}

/** How many of a summed run's instances are in a state that all these filters let through. Every instance of it has ended. */
function countFitting(filters: readonly Filter[]): string {
  const states = FINISHED_STATES.filter((state) =>
    filters.every(({ operator, value }) => [value].flat().includes(state) === (operator !== 'none_of')),
  );
  return states.length === 0 ? '0' : `(${states.map((state) => `s.${state}`).join(' + ')})`;
}

/** Whether some instance of a run may be in the range, and whether all are that have the instant at all. */
function sidesOf({ field, operator, value }: Filter, at: Parameters): { readonly some: string; readonly all: string } {
  const { first, last } = INSTANCE_BOUNDS[field] as Bounds;
  const parameter = `$${at.next([value])}`;
  const [some, all] = operator === 'gte' || operator === 'gt' ? [last, first] : [first, last];
  return {
    some: `coalesce(${OPERATORS[operator](some, parameter)}, false)`,
    all: `coalesce(${OPERATORS[operator](all, parameter)}, false)`,
  };
}

/** Of the first field of the order; null = it has none. */
function boundsOf({ orderBy }: ListRequest): Bounds | null {
  const field = orderBy[0]?.field;
  if (field === undefined) return { first: 'r.dag_run_id', last: 'r.dag_run_id', without: '0' };
  if (Object.hasOwn(INSTANCE_BOUNDS, field)) return INSTANCE_BOUNDS[field] as Bounds;
  const expression = field !== 'version_number' && Object.hasOwn(RUN_FIELDS, field) ? RUN_FIELDS[field] : undefined;
  return expression === undefined ? null : { first: expression, last: expression, without: '0' };
}

/**
 * Runs in the order of the worst value each has, with how many fitting rows they have together: once these fill the page, no later
 * row than the worst value reached can be in it. With one field in the order the run's id breaks its ties, as in the order.
 */
function cutAfter({ orderBy }: ListRequest, bounds: Bounds | null, rows: () => string): Cut | null {
  if (bounds === null) return null;
  const isDown = orderBy[0]?.descending ?? false;
  const [best, worst] = isDown ? ['last_value', 'first_value'] : ['first_value', 'last_value'];
  const way = isDown ? 'desc' : 'asc';
  // Each of them has one fitting row at least, so that as many runs as rows are enough.
  const text = `, cut as (
  select worst, dag_run_id
    from (select worst, dag_run_id, sum(sure) over (order by worst ${way}, dag_run_id ${way} rows unbounded preceding) as rows
            from (select ${worst} as worst, dag_run_id, sure from run
                   where is_summed and sure > 0 and ${worst} is not null
                   order by worst ${way}, dag_run_id ${way} limit ${rows()}) first_ones) w
   where rows >= ${rows()} order by worst ${way}, dag_run_id ${way} limit 1
)`;
  const [key, reached] = orderBy.length > 1 ? [`c.${best}`, 'worst'] : [`(c.${best}, c.dag_run_id)`, 'worst, dag_run_id'];
  const isNear = `(not c.is_summed or not exists (select from cut) or ${key} ${isDown ? '>=' : '<='} (select ${reached} from cut))`;
  return { text, isNear };
}
