/**
 * What commands print. Results go to stdout and nothing else does, so that `--json` can be piped; everything
 * said to a person about them goes to stderr.
 */
import { styleText } from 'node:util';
import type * as Yaml from 'yaml';
import { AppError, isAppError } from '#core/errors.ts';
import { lazyPackage } from '#platform/lazy-package.ts';

const yaml = lazyPackage<typeof Yaml>('yaml');

export const FORMATS = ['table', 'json', 'yaml', 'plain'] as const;
export type Format = (typeof FORMATS)[number];

/** Options every list has: `--json`, and Airflow's `-o, --output`. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly output?: string;
}

export type Row = Readonly<Record<string, unknown>>;

export function formatOf(options: OutputOptions): Format {
  if (options.json) return 'json';
  const wanted = options.output ?? 'table';
  if ((FORMATS as readonly string[]).includes(wanted)) return wanted as Format;
  throw new AppError('BAD_REQUEST', `There is no output format ${JSON.stringify(wanted)}. Use one of: ${FORMATS.join(', ')}.`);
}

/** Prints rows; `empty` is said (on stderr) when a person would see nothing. */
export function printRows(rows: readonly Row[], options: OutputOptions, empty = 'Nothing found.'): void {
  const format = formatOf(options);
  switch (format) {
    case 'json':
      print(JSON.stringify(rows, null, 2));
      break;
    case 'yaml':
      print(yaml().stringify(rows).trimEnd());
      break;
    case 'plain':
    case 'table':
      if (rows.length === 0) say(empty);
      else print(table(rows, format === 'table'));
      break;
  }
}

/** One object: its fields below each other, or as JSON. */
export function printRecord(record: Row, options: OutputOptions): void {
  const format = formatOf(options);
  if (format === 'json' || format === 'yaml') {
    print(format === 'json' ? JSON.stringify(record, null, 2) : yaml().stringify(record).trimEnd());
    return;
  }
  const width = Math.max(...Object.keys(record).map((name) => name.length));
  print(
    Object.entries(record)
      .map(([name, value]) => `${name.padEnd(width)}  ${cell(value)}`)
      .join('\n'),
  );
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For a person: never mixed into results. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Message and next step; the stack only when asked for, or when it is a bug of ours. */
export function sayError(error: unknown, verbose: boolean): void {
  const red = (text: string) => styleText('red', text, { stream: process.stderr });
  if (isAppError(error)) {
    say(`${red('error')} ${error.code}: ${error.message}`);
    if (verbose) say(stackOf(error));
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  say(`${red('error')}: ${message}`);
  if (verbose) say(stackOf(error));
  else say('Run the command with --verbose to see where it came from.');
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? String(error.stack) : `${error.stack}\ncaused by: ${stackOf(error.cause)}`;
}

function table(rows: readonly Row[], withRule: boolean): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => names.map((name) => cell(row[name])));
  const widths = names.map((name, index) => Math.max(name.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const line = (parts: readonly string[]) =>
    parts
      .map((part, index) => part.padEnd(widths[index] ?? 0))
      .join(withRule ? ' | ' : '  ')
      .trimEnd();
  const rule = widths.map((width) => '='.repeat(width)).join('=+=');
  return [line(names), ...(withRule ? [rule] : []), ...cells.map(line)].join('\n');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
