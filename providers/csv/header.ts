/**
 * The header line, and what is read of each column it names.
 */
import { closest } from '#core/did-you-mean.ts';
import { CsvError } from './csv-error.ts';
import type { CsvOptions } from './csv-types.ts';
import type { FileColumn } from './frame-builder.ts';
import type { FieldSink } from './record-scanner.ts';

/** Collects the names of a header; the header may be read more than once, so a field sets its place. */
export class HeaderFields implements FieldSink {
  readonly names: string[] = [];

  field(index: number, bytes: Uint8Array, start: number, end: number): void {
    this.names[index] = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  }
}

/** Pairs the file's columns with their declared types. Throws when the two do not agree. */
export function planColumns(names: readonly string[], options: CsvOptions, source: string): FileColumn[] {
  const fail = (what: string, column: string) => new CsvError(source, { row: 0, line: 1, column, text: column }, what);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw fail('the header names it twice. Rename one of them in the file.', twice);
  for (const declared of Object.keys(options.types)) {
    if (!names.includes(declared)) throw fail(unknownColumn(declared, names), declared);
  }
  const undeclared = options.undeclared ?? 'fail';
  return names.map((name) => {
    const type = Object.hasOwn(options.types, name) ? options.types[name] : undefined;
    if (type !== undefined) return { name, type };
    if (undeclared === 'fail') {
      throw fail(`no type is declared for it. Add it to types, or set undeclared to 'skip' or 'text'.`, name);
    }
    return { name, type: undeclared === 'text' ? 'text' : null };
  });
}

function unknownColumn(declared: string, names: readonly string[]): string {
  const near = closest(declared, names);
  const hint = near === null ? '' : ` Did you mean "${near}"?`;
  return `a type is declared for it, but the file has no such column.${hint} The file has: ${names.join(', ')}.`;
}
