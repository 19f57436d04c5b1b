/** Reads the values of flags; a bad one is refused with what it should have been. */
import { parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { unstorablePart } from '#core/storable.ts';

/** A whole number of at least `min`. */
export function parseCount(flag: string, min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new AppError('BAD_REQUEST', `${flag} must be a whole number ${range}, but is ${JSON.stringify(text)}.`);
  };
}

const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** An instant; one without an offset is UTC. */
export function parseInstant(flag: string): (text: string) => Date {
  return (text) => {
    const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/.test(text) && text.includes(':');
    const withTime = text.includes(':') ? text.replace(' ', 'T') : `${text}T00:00:00`;
    const value = new Date(hasOffset ? withTime : `${withTime}Z`);
    if (ISO.test(text) && !Number.isNaN(value.getTime())) return value;
    throw new AppError('BAD_REQUEST', `${flag} must be an ISO-8601 instant such as 2026-03-29T01:30:00Z, but is ${JSON.stringify(text)}.`);
  };
}

/** A JSON object. */
export function parseJsonObject(flag: string): (text: string) => Record<string, unknown> {
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new AppError('BAD_REQUEST', `${flag} must be a JSON object, but cannot be parsed: ${(cause as Error).message}`, {}, { cause });
    }
    const wrong = unstorablePart(value);
    if (wrong !== null) throw new AppError('BAD_REQUEST', `${flag} cannot be stored: ${wrong}.`);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new AppError('BAD_REQUEST', `${flag} must be a JSON object such as '{"day": "2026-01-01"}', but is ${text}.`);
  };
}

/** How long ago, such as 90d; in milliseconds. */
export function parseAge(flag: string): (text: string) => number {
  return (text) => {
    const ms = /[a-z]$/.test(text) ? parseDuration(text) : null;
    if (ms !== null) return ms;
    throw new AppError('BAD_REQUEST', `${flag} must be a time such as 90d, 12h or 30m, but is ${JSON.stringify(text)}.`);
  };
}
