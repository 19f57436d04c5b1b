/** Time in words: pure functions over milliseconds and ISO-8601 text. Local zone unless the name says UTC. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** 340 ms · 4.2 s · 1 m 05 s · 2 h 03 m · 3 d 4 h. Negative spans count as nothing. */
export function formatDuration(spanMs: number): string {
  const ms = Math.max(0, spanMs);
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < 9.95 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ${pad(Math.floor((ms % HOUR_MS) / MINUTE_MS))} m`;
  return `${Math.floor(ms / DAY_MS)} d ${Math.floor((ms % DAY_MS) / HOUR_MS)} h`;
}

/** "just now", "12 s ago", "3 min ago", "in 4 h", "in 2 d". */
export function formatRelative(atMs: number, nowMs: number): string {
  const distanceMs = Math.abs(nowMs - atMs);
  if (distanceMs < 2 * SECOND_MS) return atMs > nowMs ? 'now' : 'just now';
  const words = formatDistance(distanceMs);
  return atMs > nowMs ? `in ${words}` : `${words} ago`;
}

function formatDistance(distanceMs: number): string {
  if (distanceMs < MINUTE_MS) return `${Math.floor(distanceMs / SECOND_MS)} s`;
  if (distanceMs < HOUR_MS) return `${Math.floor(distanceMs / MINUTE_MS)} min`;
  if (distanceMs < DAY_MS) return `${Math.floor(distanceMs / HOUR_MS)} h`;
  if (distanceMs < 60 * DAY_MS) return `${Math.floor(distanceMs / DAY_MS)} d`;
  return `${Math.floor(distanceMs / (30 * DAY_MS))} months`;
}

/** 23 Nov 2026, 14:05:09 in the reader's zone; the year is left out when it is this one. */
export function formatLocal(iso: string, now: Date = new Date()): string {
  const at = new Date(iso);
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    ...year,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(at);
}

/** 23 Nov, 14:05 in the reader's zone. */
export function formatLocalShort(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(new Date(iso));
}

/** 2026-11-23 14:05:09 UTC */
export function formatUtc(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** 14:05:09.123 in the reader's zone, for log lines. */
export function formatClock(iso: string): string {
  const at = new Date(iso);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** 512 B · 4.1 KB · 12.0 MB, in steps of 1,000. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = '';
  for (const name of units) {
    value /= 1_000;
    unit = name;
    if (value < 1_000) break;
  }
  return `${value.toFixed(1)} ${unit}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
