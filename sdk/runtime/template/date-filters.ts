/** Airflow's own filters: dates in the forms that file names and SQL use. */
import { asInstant } from './arguments.ts';
import type { Filter } from './filters.ts';
import type { Instant } from './instant.ts';
import { formatInstant } from './strftime.ts';

/** Also the variables of these names, made of the run's logical date. */
export const DATE_TEXTS = {
  ds: (instant: Instant) => formatInstant(instant, '%Y-%m-%d'),
  ds_nodash: (instant: Instant) => formatInstant(instant, '%Y%m%d'),
  ts: (instant: Instant) => instant.toString(),
  ts_nodash: (instant: Instant) => formatInstant(instant, '%Y%m%dT%H%M%S'),
  ts_nodash_with_tz: (instant: Instant) => instant.toString().replaceAll('-', '').replaceAll(':', ''),
} as const satisfies Readonly<Record<string, (instant: Instant) => string>>;

export const DATE_FILTERS: Readonly<Record<string, Filter>> = Object.fromEntries(
  Object.entries(DATE_TEXTS).map(([name, write]): [string, Filter] => [
    name,
    // As in Airflow, none stays none.
    { params: [], required: 0, run: (value) => (value === null ? null : write(asInstant(`What ${name} formats`, value))) },
  ]),
);
