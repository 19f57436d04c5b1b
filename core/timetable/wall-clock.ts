/** Between instants and wall-clock times of a zone, with Intl only. A "wall" is the local time read as if it were UTC, in ms. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** Tells whether the zone exists: "Europe/Berlin", "UTC", "+02:00". */
export function isTimeZone(timezone: string): boolean {
  try {
    formatOf(timezone);
    return true;
  } catch {
    return false;
  }
}

function formatOf(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
    formats.set(timezone, format);
  }
  return format;
}

/** The wall clock of the zone at an instant (ms since 1970 -> ms as if UTC). */
export function toWall(instantMs: number, timezone: string): number {
  if (timezone === 'UTC' || timezone === 'Etc/UTC') return instantMs;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(timezone).formatToParts(instantMs))
    if (type !== 'literal' && type !== 'era') parts[type] = Number(value);
  const ms = ((instantMs % 1_000) + 1_000) % 1_000;
  return (
    Date.UTC(parts['year'] as number, (parts['month'] as number) - 1, parts['day'], parts['hour'], parts['minute'], parts['second']) + ms
  );
}

/** How far the zone's wall clock is ahead of UTC at an instant, in ms. */
export function offsetAt(instantMs: number, timezone: string): number {
  return toWall(instantMs, timezone) - instantMs;
}

/** The last switch in (fromMs, toMs]: the first instant that has the offset of `toMs`. Both ends must differ in offset. */
export function findSwitch(fromMs: number, toMs: number, timezone: string): number {
  const wanted = offsetAt(toMs, timezone);
  let low = fromMs;
  let high = toMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle, timezone) === wanted) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * The instant at which the zone's wall clock first shows `wallMs`. A time that a switch skips gives the first
 * valid instant after the gap; a time that occurs twice gives the first of the two.
 */
export function fromWall(wallMs: number, timezone: string): number {
  if (timezone === 'UTC' || timezone === 'Etc/UTC') return wallMs;
  const DAY_MS = 86_400_000;
  const before = toWall(wallMs - DAY_MS, timezone) - (wallMs - DAY_MS);
  const after = toWall(wallMs + DAY_MS, timezone) - (wallMs + DAY_MS);
  // Earlier instants first: a larger offset means an earlier instant.
  const candidates = [wallMs - before, wallMs - after].sort((a, b) => a - b);
  for (const candidate of candidates) if (toWall(candidate, timezone) === wallMs) return candidate;
  return firstInstantPast(wallMs, Math.min(...candidates) - DAY_MS / 8, Math.max(...candidates) + DAY_MS / 8, timezone);
}

/** Binary search for the switch: the first instant whose wall clock is past the gap. */
function firstInstantPast(wallMs: number, low: number, high: number, timezone: string): number {
  let lowMs = low;
  let highMs = high;
  while (highMs - lowMs > 1) {
    const middle = Math.floor((lowMs + highMs) / 2);
    if (toWall(middle, timezone) > wallMs) highMs = middle;
    else lowMs = middle;
  }
  return highMs;
}
