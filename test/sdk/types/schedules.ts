import { cron, dag, timetable } from 'windlass';

const schedules = [
  '@daily',
  '0 6 * * *',
  cron('0 6 * * *', { tz: 'Europe/Berlin' }),
  { every: '1h' },
  timetable('workdays'),
  null,
  undefined,
] as const;
for (const [index, schedule] of schedules.entries()) dag(`s${index}`, { schedule }, ({ task }) => task('a', () => 1));

// @ts-expect-error not a duration
dag('bad', { schedule: { every: '1 hour' } }, ({ task }) => task('a', () => 1));
// @ts-expect-error no such option
dag('bad2', { shedule: '@daily' }, ({ task }) => task('a', () => 1));
