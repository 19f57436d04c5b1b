import { cron, dag, events, timetable } from 'windlass';

const schedules = [
  '@daily',
  '0 6 * * *',
  cron('0 6 * * *', { tz: 'Europe/Berlin' }),
  cron(['0 6 * * *', '0 18 * * 1-5'], { tz: 'Europe/Berlin', logicalDate: 'start' }),
  events(['2026-01-01T00:00:00Z', new Date(0)]),
  { every: '1h' },
  { every: '1h', logicalDate: 'start' },
  timetable('workdays'),
  null,
  undefined,
] as const;
for (const [index, schedule] of schedules.entries()) dag(`s${index}`, { schedule }, ({ task }) => task('a', () => 1));

dag('c', { catchup: 'none', runImmediately: true }, ({ task }) => task('a', () => 1));
// @ts-expect-error no such catchup
dag('c2', { catchup: 'some' }, ({ task }) => task('a', () => 1));
// @ts-expect-error not a duration
dag('bad', { schedule: { every: '1 hour' } }, ({ task }) => task('a', () => 1));
// @ts-expect-error no such option
dag('bad2', { shedule: '@daily' }, ({ task }) => task('a', () => 1));
