/** Cells that hold other cells, lists, structs and maps, as text of the first few. */
import { DataType, type Field } from 'apache-arrow';
import { invalid } from '../bytes/ranged-bytes.ts';
import { cellText } from './cell-text.ts';
import { ownBuffers, type Place, placesOf } from './column-layout.ts';
import type { RawCell, Reading, Wanted } from './read-values.ts';

/** Of a list. */
const ITEMS_SHOWN = 20;
const TOGETHER_MAX = 20_000;
const CELL_MAX_CHARS = 500;

type ReadValues = (wanted: Wanted) => Promise<RawCell[] | null>;

/** Nulls are the caller's. */
export async function readNested(reading: Reading, readValues: ReadValues): Promise<RawCell[]> {
  const { type } = reading.wanted;
  const cells = DataType.isStruct(type) ? await readStructs(reading, readValues) : await readLists(reading, readValues);
  return cells.map((cell) => (cell.length > CELL_MAX_CHARS ? `${cell.slice(0, CELL_MAX_CHARS)}…` : cell));
}

async function readStructs({ wanted }: Reading, readValues: ReadValues): Promise<string[]> {
  const { type, place, from, to } = wanted;
  const fields = (type.children ?? []) as readonly Field<DataType>[];
  const places = placesOf(fields, insideOf(type, place));
  const columns = await Promise.all(
    fields.map(async (field, at) => textsOf(field.type, places[at] ?? null, { ...wanted, from, to }, readValues)),
  );
  return Array.from({ length: to - from }, (_, row) => {
    const parts = fields.map(({ name }, at) => `${name}: ${columns[at]?.[row] ?? '?'}`);
    return `{${parts.join(', ')}}`;
  });
}

async function readLists({ read, wanted }: Reading, readValues: ReadValues): Promise<string[]> {
  const { type, place, from, to } = wanted;
  const child = (type.children as readonly Field<DataType>[])[0] as Field<DataType>;
  const [inside = null] = placesOf([child], insideOf(type, place));
  const offsets = await offsetsOf(type, from, to, read);
  const [start, end] = [offsets[0] as number, offsets[to - from] as number];
  const spans = Array.from({ length: to - from }, (_, row) => [offsets[row] as number, offsets[row + 1] as number] as const);
  if (spans.some(([first, last]) => first < 0 || last < first)) throw invalid('a column of lists goes backwards');
  const words = (first: number, last: number) => textsOf(child.type, inside, { ...wanted, from: first, to: last }, readValues);
  const all = end - start <= TOGETHER_MAX ? await words(start, end) : null;
  const [open, close] = DataType.isMap(type) ? ['{', '}'] : ['[', ']'];
  const cells: string[] = [];
  for (const [first, last] of spans) {
    const shownTo = Math.min(last, first + ITEMS_SHOWN);
    const items = all === null ? await words(first, shownTo) : all.slice(first - start, shownTo - start);
    // An entry of a map is a struct of its key and value.
    const shown = DataType.isMap(type) ? items.map((item) => item.replace(/^\{\w+: (.*), \w+: (.*)\}$/s, '$1: $2')) : items;
    cells.push(`${open}${shown.join(', ')}${last > shownTo ? `, … ${last - first} in all` : ''}${close}`);
  }
  return cells;
}

async function offsetsOf(type: DataType, from: number, to: number, read: Reading['read']): Promise<readonly number[]> {
  if (DataType.isFixedSizeList(type)) return Array.from({ length: to - from + 1 }, (_, row) => (from + row) * type.listSize);
  return Array.from(new Int32Array((await read(1, from * 4, (to - from + 1) * 4)).buffer));
}

/** Each as it stands in a cell: texts in quotes. */
async function textsOf(type: DataType, place: Place | null, wanted: Wanted, readValues: ReadValues): Promise<string[]> {
  const cells = place === null ? null : await readValues({ ...wanted, type, place });
  if (cells === null) return Array.from({ length: Math.max(0, wanted.to - wanted.from) }, () => '?');
  const isText = DataType.isUtf8(type) || DataType.isLargeUtf8(type) || (DataType.isDictionary(type) && DataType.isUtf8(type.dictionary));
  return cells.map((cell) => {
    const text = cellText(type, cell);
    return text === null ? 'null' : isText ? JSON.stringify(text) : text;
  });
}

function insideOf(type: DataType, { node, buffer }: Place): Place {
  return { node: node + 1, buffer: buffer + (ownBuffers(type) ?? 0) };
}
