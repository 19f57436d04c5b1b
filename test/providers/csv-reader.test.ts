/**
 * The CSV reader: cells to exact typed values, and a bad file refused with row, line, column and text.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CsvError, type CsvOptions, readCsv, readCsvBatches } from '../../providers/csv/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array[] => [Buffer.from(text)];

/** The values of one column, 64-bit ones as bigint. */
async function column(text: string, type: CsvOptions['types'][string], options: Partial<CsvOptions> = {}): Promise<unknown[]> {
  const table = await readCsv(bytes(text), { types: { a: type }, ...options });
  const data = table.batches[0]?.data.children[0];
  return Array.from({ length: table.numRows }, (_, row) => {
    if (!data?.getValid(row)) return null;
    return type === 'text' || type === 'bool' ? table.getChild('a')?.get(row) : data.values[row];
  });
}

async function failure(text: string | Uint8Array[], options: CsvOptions): Promise<CsvError> {
  const error = await readCsv(typeof text === 'string' ? bytes(text) : text, options).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CsvError);
  return error as CsvError;
}

describe('values', () => {
  it('reads int64 exactly, to both ends of its range', async () => {
    const text = 'a\n0\n-7\n\n9007199254740993\n9223372036854775807\n-9223372036854775808\n2.0\n+5\n007\n-4294967296\n';
    const expected = [0n, -7n, null, 9007199254740993n, 2n ** 63n - 1n, -(2n ** 63n), 2n, 5n, 7n, -4294967296n];
    expect(await column(text, 'int64')).toEqual(expected);
  });

  it('reads float64 as JavaScript itself would', async () => {
    const texts = ['.30', '1.50', '-0.1', '2.', '1e5', '-1.5E-7', '123456789012345678', '0.1234567890123456789', '-0', '5e-324', '1e400'];
    expect(await column(`a\n${texts.join('\n')}\n`, 'float64')).toEqual(texts.map(Number));
    expect(await column('a\nNaN\ninf\n-Infinity\n', 'float64')).toEqual([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it('reads naive timestamps with microseconds, leap days and years far away', async () => {
    const texts = [
      '2021-01-01 00:30:10',
      '1969-12-31T23:59:59.999999',
      '2020-02-29',
      '0001-01-01 00:00:00.5',
      '9999-12-31 23:59:59.000001',
    ];
    const micros = ['2021-01-01T00:30:10Z', '1969-12-31T23:59:59Z', '2020-02-29', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'].map(
      (text, i) => BigInt(Date.parse(text)) * 1000n + [0n, 999_999n, 0n, 500_000n, 1n][i]!,
    );
    expect(await column(`a\n${texts.join('\n')}\n`, 'timestamp')).toEqual(micros);
  });

  it('reads dates and booleans', async () => {
    expect(await column('a\n1970-01-02\n1969-12-31\n', 'date')).toEqual([1, -1]);
    expect(await column('a\ntrue\nF\n1\nno\n\n', 'bool')).toEqual([true, false, true, false, null]);
  });

  it('tells the empty text from null', async () => {
    expect(await column('a\n""\n\nx\nNA\n"NA"\n', 'text', { nulls: ['NA'] })).toEqual(['', null, 'x', null, 'NA']);
  });

  it('reads quotes, doubled quotes, delimiters and line breaks inside them', async () => {
    expect(await column('a\n"x, ""y"""\n"1\n2\r\n3"\nit\'s "ok"\n"Zürich – 東京"\n', 'text')).toEqual([
      'x, "y"',
      '1\n2\r\n3',
      'it\'s "ok"',
      'Zürich – 東京',
    ]);
  });
});

describe('shapes of files', () => {
  const types = { a: 'int64', b: 'text' } as const;
  const rows = async (text: string | Uint8Array[], options: Partial<CsvOptions> = {}) => {
    const table = await readCsv(typeof text === 'string' ? bytes(text) : text, { types, ...options });
    return table.toArray().map((row) => [row?.a === null ? null : Number(row?.a), row?.b]);
  };

  it('takes LF, CRLF, no last line end, blank lines, a BOM and quoted names alike', async () => {
    const expected = [
      [1, 'x'],
      [2, 'y'],
    ];
    for (const text of [
      'a,b\n1,x\n2,y\n',
      'a,b\r\n1,x\r\n2,y\r\n',
      'a,b\n1,x\n2,y',
      'a,b\r\n1,x\r\n2,"y"\r',
      'a,b\n\n1,x\n\r\n2,y\n\n',
      '\uFEFFa,b\n1,x\n2,y\n',
      '\uFEFF"a","b"\n"1",x\n2,"y"',
    ]) {
      expect(await rows(text), JSON.stringify(text)).toEqual(expected);
    }
    expect(await rows('a;b\n1;x\n2;y\n', { delimiter: ';' })).toEqual(expected);
  });

  it("follows the file's order of columns, not that of the declaration", async () => {
    expect(await rows('b,a\nx,1\n')).toEqual([[1, 'x']]);
  });

  it('reads a header without rows as a table with its columns and none', async () => {
    const table = await readCsv(bytes('a,b\n'), { types });
    expect([table.numRows, table.schema.names]).toEqual([0, ['a', 'b']]);
  });

  it('leaves out or reads as text what is not declared, if told so', async () => {
    const source = 'z,a,b\n9,1,x\n';
    expect((await readCsv(bytes(source), { types, undeclared: 'skip' })).schema.names).toEqual(['a', 'b']);
    expect((await readCsv(bytes(source), { types, undeclared: 'text' })).get(0)?.toJSON()).toEqual({ z: '9', a: 1n, b: 'x' });
  });

  it('recognises gzip by its content, in a stream and in a file of any name', async () => {
    const packed = gzipSync('a,b\n1,x\n');
    expect(await rows([packed.subarray(0, 1), packed.subarray(1)])).toEqual([[1, 'x']]);
    const path = join(folder, 'no-suffix');
    await writeFile(path, Buffer.concat([packed, gzipSync('2,y\n')]));
    expect((await readCsv(path, { types })).numRows).toBe(2);
  });

  it('hands over batches of the asked size, and one empty batch when there are no rows', async () => {
    const sizes = async (text: string) => {
      const found: number[] = [];
      for await (const batch of readCsvBatches(bytes(text), { types: { a: 'int64' }, batchRows: 2 })) found.push(batch.numRows);
      return found;
    };
    expect(await sizes('a\n1\n2\n3\n4\n5\n')).toEqual([2, 2, 1]);
    expect(await sizes('a\n')).toEqual([0]);
  });
});

describe('bad files', () => {
  const types = { id: 'int64', when: 'timestamp', note: 'text' } as const;

  it('names row, line, column and text of a wrong value', async () => {
    const error = await failure('id,when,note\n1,2021-01-01,"two\nlines"\n2,2021-01-01,x\nthree,2021-01-01,y\n', {
      types,
      name: 'trips.csv',
    });
    expect(error).toMatchObject({ row: 3, line: 5, column: 'id', text: 'three' });
    expect(error.message).toBe(
      'trips.csv: row 3 (line 5), column "id": "three" is not a whole number (int64). Correct the file, or declare the column as another type.',
    );
  });

  it.each([
    ['int64', ['1.5', ' 1', '1 ', '1,5"', '9223372036854775808', '-9223372036854775809', '0x10', '-', '1e3', '--1']],
    ['float64', ['1,5', 'abc', '.', '-', '1e', '1.2.3', '0x1', ' 1', '1_000']],
    [
      'timestamp',
      ['2021-02-29', '2021-13-01', '2021-01-01 24:00:00', '2021-01-01 10:00', '2021-01-01 10:00:00Z', '2021-01-01 10:00:00+01'],
    ],
    ['timestamp', ['2021-01-01 10:00:00.', '2021-01-01 10:00:00.1234567', '01/02/2021 10:00:00', '0000-01-01', '2021-01-01x10:00:00']],
    ['date', ['2021-01-01 10:00:00', '2021-1-1', '2021-00-10', '2021-01-00', '2021-04-31']],
    ['bool', ['2', 'ja', 'truee', 'nil']],
  ] as const)('refuses as %s: %s', async (type, texts) => {
    for (const text of texts) {
      const error = await failure(`a\n"${text.replaceAll('"', '""')}"\n`, { types: { a: type } });
      expect(error, text).toMatchObject({ row: 1, line: 2, column: 'a', text });
    }
  });

  it('refuses rows that are too short or too long', async () => {
    expect(await failure('id,when,note\n1,2021-01-01,x\n2,2021-01-01\n', { types })).toMatchObject({ row: 2, line: 3, column: 'note' });
    expect(await failure('id,when,note\n1,2021-01-01,x,surplus\n', { types })).toMatchObject({ row: 1, line: 2, text: 'surplus' });
  });

  it('refuses a declared column that the file lacks, and names the nearest', async () => {
    const error = await failure('Id,when,note\n', { types });
    expect(error.message).toContain('column "id": a type is declared for it, but the file has no such column. Did you mean "Id"?');
  });

  it('refuses a column without a declared type', async () => {
    expect((await failure('id,when,note,extra\n', { types })).message).toContain('column "extra": no type is declared for it');
    expect((await failure('id,when,note,constructor\n', { types })).message).toContain('column "constructor": no type is declared for it');
  });

  it('refuses a name that stands twice in the header', async () => {
    expect((await failure('id,when,note,id\n', { types })).message).toContain('the header names it twice');
  });

  it('refuses an empty file, and UTF-16', async () => {
    expect((await failure('', { types })).message).toContain('the file is empty');
    expect((await failure([Buffer.from('\uFEFFid', 'utf16le')], { types })).message).toContain('UTF-16');
  });

  it('refuses text that is not UTF-8, at its row', async () => {
    const latin1 = Buffer.from('a\nok\nZ\xfcrich\n', 'latin1');
    expect(await failure([latin1], { types: { a: 'text' } })).toMatchObject({ row: 2, line: 3, column: 'a' });
  });

  it('stops at a quote that is never closed, instead of reading the rest into memory', async () => {
    const error = await failure([Buffer.from('a\n1\n"open\n'), Buffer.alloc(3000, 'x\n'), Buffer.alloc(3000, 'x\n')], {
      types: { a: 'text' },
      maxRowBytes: 4000,
    });
    expect(error).toMatchObject({ row: 2, line: 3 });
    expect(error.message).toContain('A quote is probably opened and never closed');
    expect((await failure('a\n"open\n', { types: { a: 'text' } })).row).toBe(1);
  });

  it('refuses text behind a closing quote', async () => {
    expect(await failure('a,b\n"x"y,2\n', { types: { a: 'text', b: 'int64' } })).toMatchObject({ row: 1, column: 'a' });
  });

  it('says that gzip data are cut off, and names the file', async () => {
    const path = join(folder, 'cut.csv.gz');
    const packed = gzipSync(`a\n${'123456\n'.repeat(10_000)}`);
    await writeFile(path, packed.subarray(0, packed.length - 40));
    await expect(readCsv(path, { types: { a: 'int64' } })).rejects.toThrow(`${path}: the gzip data are damaged or cut off`);
  });

  it('passes on that a file is missing', async () => {
    await expect(readCsv(join(folder, 'absent.csv'), { types })).rejects.toThrow(/ENOENT.*absent\.csv/);
  });
});
