/**
 * Results travel as JSON. Plain JSON stays as it is; what JSON cannot say becomes a tagged object,
 * `{"$windlass": "date", "value": "2026-…"}`, and comes back as what it was. Everything else (functions, promises,
 * cycles, class instances) is refused with the path to it, because a reader would get something else.
 */
import { AppError } from '#core/errors.ts';
import { NODE } from '../brands.ts';

const TAG = '$windlass';
const MAX_DEPTH = 500;

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

function tagged(tag: string, value: Json): Json {
  return { [TAG]: tag, value };
}

/** Returns plain JSON. Throws XCOM_NOT_JSON naming what cannot be handed on and where; `what` starts the path. */
export function encodeValue(value: unknown, what = 'result'): unknown {
  return encode(value, { what, keys: [], above: new Set() });
}

interface Walk {
  readonly what: string;
  readonly keys: string[];
  readonly above: Set<object>;
}

const PATH_MAX_CHARS = 100;
/** Even holes take time and space; a result of so many elements is too large anyway. */
const ITEMS_MAX = 10_000_000;

function refuse(walk: Walk, problem: string): never {
  const path = walk.keys.join('');
  throw new AppError(
    'XCOM_NOT_JSON',
    `${walk.what}${path.length > PATH_MAX_CHARS ? `${path.slice(0, PATH_MAX_CHARS)}…` : path} is ${problem}. Return plain data: text, numbers, lists, objects, Date, Map, Set, bigint, URL or bytes.`,
  );
}

function encode(value: unknown, walk: Walk): Json {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tagged('number', Object.is(value, -0) ? '-0' : String(value));
    case 'bigint':
      return tagged('bigint', value.toString());
    case 'undefined':
      return null;
    case 'function':
      return refuse(walk, `a function${value.name ? ` (${value.name})` : ''}`);
    case 'symbol':
      return refuse(walk, 'a symbol');
    case 'object':
      return value === null ? null : encodeObject(value, walk);
  }
}

function encodeObject(value: object, walk: Walk): Json {
  if (walk.above.has(value)) return refuse(walk, 'a part of itself (a cycle)');
  if (walk.keys.length > MAX_DEPTH) return refuse(walk, `nested deeper than ${MAX_DEPTH} levels`);
  if ((value as Record<symbol, unknown>)[NODE] !== undefined) return refuse(walk, 'a reference; pass it as an input');
  if (Array.isArray(value) && value.length > ITEMS_MAX)
    return refuse(walk, `a list of ${value.length} elements, of more than ${ITEMS_MAX}`);
  walk.above.add(value);
  const encoded = Array.isArray(value) ? value.map((item, index) => step(walk, `[${index}]`, item)) : encodeKeyed(value, walk);
  walk.above.delete(value);
  return encoded;
}

function step(walk: Walk, key: string, value: unknown): Json {
  walk.keys.push(key);
  const encoded = encode(value, walk);
  walk.keys.pop();
  return encoded;
}

function encodeKeyed(value: object, walk: Walk): Json {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return encodeInstance(value, walk);
  const entries: [string, Json][] = [];
  for (const [key, item] of Object.entries(value)) {
    // As in JSON: an absent property and an undefined one are the same.
    if (item === undefined) continue;
    entries.push([key, step(walk, `.${key}`, item)]);
  }
  // Object.fromEntries defines own properties, also for "__proto__".
  return Object.hasOwn(value, TAG) ? tagged('entries', entries as unknown as Json) : Object.fromEntries(entries);
}

function encodeInstance(value: object, walk: Walk): Json {
  if (value instanceof Date) return tagged('date', Number.isNaN(value.getTime()) ? null : value.toISOString());
  if (value instanceof URL) return tagged('url', value.href);
  if (value instanceof Map)
    return tagged(
      'map',
      [...value].map(([key, item], index) => [step(walk, `.keys[${index}]`, key), step(walk, `.get(${String(key)})`, item)]),
    );
  if (value instanceof Set)
    return tagged(
      'set',
      [...value].map((item, index) => step(walk, `[${index}]`, item)),
    );
  if (ArrayBuffer.isView(value)) return encodeBytes(value, walk);
  if (value instanceof Error)
    return tagged('error', { name: String(value.name), message: String(value.message), stack: String(value.stack ?? '') });
  if (value instanceof Promise || typeof (value as { then?: unknown }).then === 'function')
    return refuse(walk, 'a promise; await it first');
  const toJson = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJson === 'function') return encode(toJson.call(value, ''), walk);
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return encode(value.valueOf(), walk);
  return refuse(walk, `an instance of ${value.constructor?.name || 'a class'}`);
}

const TYPED_ARRAYS = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;

function encodeBytes(view: ArrayBufferView, walk: Walk): Json {
  const base64 = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64');
  if (Buffer.isBuffer(view)) return tagged('buffer', base64);
  const name = view.constructor.name;
  if (!Object.hasOwn(TYPED_ARRAYS, name)) return refuse(walk, `a ${name}`);
  return tagged('bytes', [name, base64]);
}

/** Turns what `encodeValue` made back into what it was. An unknown tag stays as it is; throws when nested deeper than it ever makes. */
export function decodeValue(value: unknown): unknown {
  return decode(value, 0);
}

function decode(value: unknown, level: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (level > MAX_DEPTH) throw new AppError('XCOM_NOT_JSON', `the stored value is nested deeper than ${MAX_DEPTH} levels. Write it anew.`);
  if (Array.isArray(value)) return value.map((item) => decode(item, level + 1));
  if (Object.hasOwn(value, TAG)) return decodeTagged(value as { readonly [TAG]: unknown; readonly value: unknown }, level);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item, level + 1)]));
}

type Inner = (value: unknown) => unknown;
type Pairs = readonly (readonly [unknown, unknown])[];

const DECODERS: Readonly<Record<string, (value: unknown, inner: Inner) => unknown>> = {
  number: (value) => Number(value),
  bigint: (value) => BigInt(String(value)),
  date: (value) => new Date(value === null ? Number.NaN : String(value)),
  url: (value) => new URL(String(value)),
  map: (value, inner) => new Map((value as Pairs).map(([key, item]) => [inner(key), inner(item)])),
  set: (value, inner) => new Set((value as readonly unknown[]).map(inner)),
  entries: (value, inner) =>
    Object.fromEntries((value as readonly (readonly [string, unknown])[]).map(([key, item]) => [key, inner(item)])),
  buffer: (value) => Buffer.from(String(value), 'base64'),
  bytes: decodeBytes,
  error: (value) => {
    const { name, message, stack } = value as { name: string; message: string; stack: string };
    return Object.assign(new Error(message), { name, stack });
  },
};

function decodeBytes(value: unknown): unknown {
  const [name, base64] = value as readonly [keyof typeof TYPED_ARRAYS, string];
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new TYPED_ARRAYS[name](bytes.buffer as ArrayBuffer);
}

function decodeTagged(value: { readonly [TAG]: unknown; readonly value: unknown }, level: number): unknown {
  const tag = value[TAG];
  if (typeof tag !== 'string' || !Object.hasOwn(DECODERS, tag)) return value;
  try {
    return DECODERS[tag]?.(value.value, (item) => decode(item, level + 1));
  } catch (error) {
    if (error instanceof AppError) throw error;
    return value;
  }
}
