/** One line of a task's log file: NDJSON, `{"timestamp","level","source","event", …fields}`. */
import type { LogLevel } from '#core/task-protocol.ts';

/** task = ctx.log, stdout and stderr = raw output of the task process, system = Windlass itself. */
export type LogSource = 'task' | 'stdout' | 'stderr' | 'system';

export interface LogLine {
  /** ISO-8601 UTC; null when the file holds something that is no line of ours. */
  readonly timestamp: string | null;
  readonly level: LogLevel;
  readonly source: LogSource;
  /** The text. */
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const LEVELS: ReadonlySet<unknown> = new Set(['debug', 'info', 'warning', 'error']);
const SOURCES: ReadonlySet<unknown> = new Set(['task', 'stdout', 'stderr', 'system']);
const OWN = new Set(['timestamp', 'level', 'source', 'event']);

/** Marks the last line of an attempt; only a `system` line is believed. */
export const END_FIELD = 'attempt_ended';

export function formatLogLine(line: LogLine): string {
  const { timestamp, level, source, event, fields } = line;
  const extra: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) extra[OWN.has(key) ? `${key}_` : key] = value;
  return `${JSON.stringify({ timestamp, level, source, event, ...extra })}\n`;
}

/** Never throws: what is no line of ours becomes a plain one. */
export function parseLogLine(text: string): LogLine {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    if (typeof value === 'object' && value !== null && typeof value['event'] === 'string') {
      const { timestamp, level, source, event, ...fields } = value;
      return {
        timestamp: typeof timestamp === 'string' ? timestamp : null,
        level: LEVELS.has(level) ? (level as LogLevel) : 'info',
        source: SOURCES.has(source) ? (source as LogSource) : 'stdout',
        event: event as string,
        fields,
      };
    }
  } catch {
    // A torn or foreign line is shown as it is.
  }
  return { timestamp: null, level: 'info', source: 'stdout', event: text, fields: {} };
}

/** Tells whether the worker says with this line how an attempt ended. */
export function isLastWord(line: LogLine): boolean {
  return line.source === 'system' && END_FIELD in line.fields && typeof line.fields['attempt_id'] === 'string';
}

/** Tells whether this line closes an attempt. */
export function isEndLine(line: LogLine): boolean {
  return line.source === 'system' && line.fields[END_FIELD] === true;
}
