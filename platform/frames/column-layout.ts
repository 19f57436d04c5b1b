/** Which buffers of a batch belong to a column, and how its values lie in them. */
import { DataType, type Field } from 'apache-arrow';

/** How cells are read; null: of a type that is not shown cell by cell. */
export type CellKind = 'null' | 'bool' | 'int' | 'int64' | 'float' | 'text' | 'binary' | 'fixed_binary' | 'dictionary' | 'nested' | null;

/** Position of a column's first node and buffer, in the batch or in what it is nested in. */
export interface Place {
  readonly node: number;
  readonly buffer: number;
}

export function placesOf(fields: readonly Field<DataType>[], first: Place = { node: 0, buffer: 0 }): readonly (Place | null)[] {
  let [node, buffer]: [number, number | null] = [first.node, first.buffer];
  return fields.map(({ type }) => {
    const place = buffer === null ? null : { node, buffer };
    const size = sizeOf(type);
    node += size?.nodes ?? 0;
    buffer = buffer === null || size === null ? null : buffer + size.buffers;
    return place;
  });
}

/** Nodes and buffers of a column with all that is nested in it. Null: not a fixed number. */
function sizeOf(type: DataType): { readonly nodes: number; readonly buffers: number } | null {
  if (DataType.isDictionary(type)) return { nodes: 1, buffers: 2 };
  const own = ownBuffers(type);
  if (own === null) return null;
  let [nodes, buffers] = [1, own];
  for (const child of (type.children ?? []) as readonly Field<DataType>[]) {
    const size = sizeOf(child.type);
    if (size === null) return null;
    nodes += size.nodes;
    buffers += size.buffers;
  }
  return { nodes, buffers };
}

/** Without those of what is nested in it; null = not known. */
export function ownBuffers(type: DataType): number | null {
  if (DataType.isNull(type)) return 0;
  if (DataType.isUtf8(type) || DataType.isBinary(type) || DataType.isLargeUtf8(type) || DataType.isLargeBinary(type)) return 3;
  if (DataType.isStruct(type) || DataType.isFixedSizeList(type)) return 1;
  if (DataType.isList(type) || DataType.isMap(type)) return 2;
  return cellKindOf(type) === null && !DataType.isFloat(type) && !DataType.isInterval(type) ? null : 2;
}

export function cellKindOf(type: DataType): CellKind {
  if (DataType.isNull(type)) return 'null';
  if (DataType.isDictionary(type)) return cellKindOf(type.dictionary) === null ? null : 'dictionary';
  if (DataType.isBool(type)) return 'bool';
  if (DataType.isInt(type)) return type.bitWidth === 64 ? 'int64' : 'int';
  if (DataType.isFloat(type)) return 'float';
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return 'text';
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) return 'binary';
  if (DataType.isStruct(type) || DataType.isList(type) || DataType.isFixedSizeList(type) || DataType.isMap(type)) return 'nested';
  if (DataType.isFixedSizeBinary(type) || DataType.isDecimal(type)) return 'fixed_binary';
  if (DataType.isDate(type) || DataType.isTime(type)) return widthOf(type) === 8 ? 'int64' : 'int';
  if (DataType.isTimestamp(type) || DataType.isDuration(type)) return 'int64';
  return null;
}

/** Bytes of a cell of a fixed width. */
export function widthOf(type: DataType): number {
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth;
  if (DataType.isDecimal(type)) return type.bitWidth / 8;
  if (DataType.isFloat(type)) return 2 << type.precision;
  if (DataType.isInt(type)) return type.bitWidth / 8;
  if (DataType.isTime(type)) return type.bitWidth / 8;
  // Days are of 32 bits, milliseconds of 64.
  if (DataType.isDate(type)) return type.unit === 0 ? 4 : 8;
  return 8;
}
