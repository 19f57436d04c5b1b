/** Python's date formats: %Y-%m-%d and their kin, to text and back. English names, no locale. */
import { Instant, utcMs } from './instant.ts';
import { TemplateError } from './template-error.ts';

const FORMAT_CHARS_MAX = 500;

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const DAY_MS = 86_400_000;

const pad = (value: number, length: number) => String(value).padStart(length, '0');
const dayOfYear = (wall: Date) =>
  Math.floor((utcMs(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()) - utcMs(wall.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
const isoDay = (wall: Date) => wall.getUTCDay() || 7;

/** ISO-8601 year and week. */
export function isoWeek(wall: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(utcMs(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate() + 4 - isoDay(wall)));
  return { year: thursday.getUTCFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) };
}

type Writer = (wall: Date, instant: Instant) => string;

const WRITERS: Readonly<Record<string, Writer>> = {
  Y: (wall) => pad(wall.getUTCFullYear(), 4),
  y: (wall) => pad(wall.getUTCFullYear() % 100, 2),
  m: (wall) => pad(wall.getUTCMonth() + 1, 2),
  d: (wall) => pad(wall.getUTCDate(), 2),
  e: (wall) => String(wall.getUTCDate()).padStart(2, ' '),
  H: (wall) => pad(wall.getUTCHours(), 2),
  I: (wall) => pad(wall.getUTCHours() % 12 || 12, 2),
  M: (wall) => pad(wall.getUTCMinutes(), 2),
  S: (wall) => pad(wall.getUTCSeconds(), 2),
  f: (wall) => `${pad(wall.getUTCMilliseconds(), 3)}000`,
  p: (wall) => (wall.getUTCHours() < 12 ? 'AM' : 'PM'),
  j: (wall) => pad(dayOfYear(wall), 3),
  a: (wall) => (DAYS[wall.getUTCDay()] as string).slice(0, 3),
  A: (wall) => DAYS[wall.getUTCDay()] as string,
  b: (wall) => (MONTHS[wall.getUTCMonth()] as string).slice(0, 3),
  B: (wall) => MONTHS[wall.getUTCMonth()] as string,
  u: (wall) => String(isoDay(wall)),
  w: (wall) => String(wall.getUTCDay()),
  G: (wall) => pad(isoWeek(wall).year, 4),
  V: (wall) => pad(isoWeek(wall).week, 2),
  U: (wall) => pad(Math.floor((dayOfYear(wall) + 6 - wall.getUTCDay()) / 7), 2),
  W: (wall) => pad(Math.floor((dayOfYear(wall) + 6 - ((wall.getUTCDay() + 6) % 7)) / 7), 2),
  s: (_wall, instant) => String(Math.floor(instant.ms / 1_000)),
  z: (_wall, instant) => (instant.isDay ? '' : instant.offset('')),
  Z: (_wall, instant) => (instant.isDay ? '' : instant.zone),
  '%': () => '%',
};
const COMBINED: Readonly<Record<string, string>> = { F: '%Y-%m-%d', T: '%H:%M:%S', R: '%H:%M', D: '%m/%d/%y' };

/** `%-d` leaves leading zeros out. Throws TemplateError for an unknown directive. */
export function formatInstant(instant: Instant, format: string): string {
  checkLength(format);
  const { wall } = instant;
  return expand(format).replace(/%(-?)([\s\S]?)/g, (whole, dash: string, letter: string) => {
    const text = writerOf(whole, letter, Object.keys(WRITERS))(wall, instant);
    return dash === '' ? text : text.replace(/^[0 ]+(?=.)/, '');
  });
}

function checkLength(format: string): void {
  if (format.length > FORMAT_CHARS_MAX) throw new TemplateError(`A date or its format has at most ${FORMAT_CHARS_MAX} characters.`);
}

function expand(format: string): string {
  return format.replace(/%(%|[FTRD])/g, (whole, letter: string) => COMBINED[letter] ?? whole);
}

function writerOf(whole: string, letter: string, known: readonly string[]): Writer {
  const writer = Object.hasOwn(WRITERS, letter) ? WRITERS[letter] : undefined;
  if (writer === undefined)
    throw new TemplateError(
      `${JSON.stringify(whole)} is no directive of a date format. Known: ${known.map((name) => `%${name}`).join(' ')}.`,
    );
  return writer;
}

const NUMBERS: Readonly<Record<string, string>> = {
  Y: '\\d{4}',
  y: '\\d{2}',
  m: '\\d{1,2}',
  d: '\\d{1,2}',
  e: '\\s?\\d{1,2}',
  H: '\\d{1,2}',
  I: '\\d{1,2}',
  M: '\\d{1,2}',
  S: '\\d{1,2}',
  f: '\\d{1,6}',
  j: '\\d{1,3}',
  p: '[AaPp][Mm]',
  z: 'Z|[+-]\\d{2}:?\\d{2}',
  b: MONTHS.map((name) => name.slice(0, 3)).join('|'),
  B: MONTHS.join('|'),
  a: DAYS.map((name) => name.slice(0, 3)).join('|'),
  A: DAYS.join('|'),
};

/** Reads `text` by `format`; what the format does not say is 1900-01-01 00:00:00 UTC, as in Python. Throws TemplateError. */
export function parseInstant(text: string, format: string): Instant {
  checkLength(format);
  checkLength(text);
  const letters: string[] = [];
  let pattern = '';
  for (const part of expand(format).match(/%[\s\S]?|[^%]+/g) ?? []) {
    const letter = part[1] ?? '';
    if (!part.startsWith('%')) pattern += part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    else if (letter === '%') pattern += '%';
    else {
      const digits = Object.hasOwn(NUMBERS, letter) ? NUMBERS[letter] : undefined;
      if (digits === undefined)
        throw new TemplateError(
          `${JSON.stringify(part)} cannot be read back. Known: ${Object.keys(NUMBERS)
            .map((name) => `%${name}`)
            .join(' ')}.`,
        );
      // As in Python; it also keeps the pattern quick.
      if (letters.includes(letter)) throw new TemplateError(`${part} stands twice in the format.`);
      letters.push(letter);
      pattern += `(${digits})`;
    }
  }
  const found = new RegExp(`^${pattern}$`, 'i').exec(text);
  if (found === null)
    throw new TemplateError(`${JSON.stringify(text.slice(0, 60))} does not have the format ${JSON.stringify(format.slice(0, 60))}.`);
  return assemble(new Map(letters.map((letter, index) => [letter, (found[index + 1] ?? '').trim()])), text);
}

function assemble(parts: ReadonlyMap<string, string>, text: string): Instant {
  const number = (letter: string, fallback: number) => (parts.has(letter) ? Number(parts.get(letter)) : fallback);
  const short = number('y', 0);
  const year = parts.has('y') ? short + (short < 69 ? 2000 : 1900) : number('Y', 1900);
  const name = (parts.get('b') ?? parts.get('B'))?.slice(0, 3).toLowerCase();
  const month = name === undefined ? number('m', 1) : MONTHS.findIndex((one) => one.toLowerCase().startsWith(name)) + 1;
  const day = number('d', number('e', 1));
  const afternoon = parts.get('p')?.toLowerCase() === 'pm' ? 12 : 0;
  const hour = parts.has('I') ? (number('I', 12) % 12) + afternoon : number('H', 0);
  const milliseconds = Math.floor(Number((parts.get('f') ?? '0').padEnd(6, '0')) / 1_000);
  const wall = new Date(Date.UTC(2000, 0, 1, hour, number('M', 0), number('S', 0), milliseconds));
  wall.setUTCFullYear(year, parts.has('j') ? 0 : month - 1, parts.has('j') ? number('j', 1) : day);
  const valid =
    hour < 24 &&
    number('M', 0) < 60 &&
    number('S', 0) < 62 &&
    (parts.has('j') || (wall.getUTCMonth() === month - 1 && wall.getUTCDate() === day));
  if (!valid) throw new TemplateError(`${JSON.stringify(text.slice(0, 60))} is not a date that exists.`);
  const zone = /^([+-])(\d{2}):?(\d{2})$/.exec(parts.get('z') ?? '');
  const aheadMs = zone === null ? 0 : (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) * 60_000;
  return new Instant(wall.getTime() - aheadMs);
}
