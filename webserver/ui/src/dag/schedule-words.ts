/** A schedule as people say it. Only shapes that can be said shortly; every other cron line stays as it is. Pure. */

const DAYS = ['Sundays', 'Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays', 'Sundays'] as const;

const PRESETS: Readonly<Record<string, string>> = {
  '@once': 'once',
  '@continuous': 'without pause',
  '@hourly': 'hourly',
  '@daily': 'daily at 00:00',
  '@weekly': 'Sundays at 00:00',
  '@monthly': 'monthly on day 1 at 00:00',
  '@yearly': 'yearly on 1 January',
};

interface CronShape {
  readonly pattern: RegExp;
  readonly say: (parts: readonly string[]) => string;
}

const clock = (hour = '0', minute = '0') => `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;

/** Minute, hour, day of the month, month, day of the week; the groups are what varies. */
const SHAPES: readonly CronShape[] = [
  { pattern: /^\* \* \* \* \*$/, say: () => 'every minute' },
  { pattern: /^\*\/(\d+) \* \* \* \*$/, say: ([, every]) => `every ${every} min` },
  { pattern: /^0 \* \* \* \*$/, say: () => 'hourly' },
  { pattern: /^(\d+) \* \* \* \*$/, say: ([, minute]) => `hourly at :${minute?.padStart(2, '0')}` },
  { pattern: /^0 \*\/(\d+) \* \* \*$/, say: ([, every]) => `every ${every} h` },
  { pattern: /^(\d+) (\d+) \* \* \*$/, say: ([, minute, hour]) => `daily at ${clock(hour, minute)}` },
  { pattern: /^(\d+) (\d+) \* \* 1-5$/, say: ([, minute, hour]) => `weekdays at ${clock(hour, minute)}` },
  { pattern: /^(\d+) (\d+) \* \* ([0-7])$/, say: ([, minute, hour, day]) => `${DAYS[Number(day)]} at ${clock(hour, minute)}` },
  { pattern: /^(\d+) (\d+) (\d+) \* \*$/, say: ([, minute, hour, day]) => `monthly on day ${day} at ${clock(hour, minute)}` },
];

/** "0 6 * * * (Europe/Berlin)" → "daily at 06:00 (Europe/Berlin)"; what it cannot say it gives back unchanged. */
export function scheduleInWords(summary: string): string {
  const [, line = summary, zone = ''] = /^(.*?)( \([^)]+\))?$/.exec(summary) ?? [];
  const said = line.split(', ').map(sayOne);
  return said.some((words) => words === null) ? summary : said.join(' and ') + zone;
}

function sayOne(line: string): string | null {
  const preset = PRESETS[line];
  if (preset !== undefined) return preset;
  for (const { pattern, say } of SHAPES) {
    const parts = pattern.exec(line);
    if (parts !== null) return say(parts);
  }
  return null;
}
