/** Goal: whatever may be returned survives the trip as JSON text. Method: fast-check over nested values. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeValue, encodeValue } from '#sdk/runtime/value-codec.ts';

const trip = (value: unknown) => decodeValue(JSON.parse(JSON.stringify(encodeValue(value))));

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.string(),
    fc.double(),
    fc.bigInt(),
    fc.date(),
    fc.uint8Array(),
    fc.webUrl().map((text) => new URL(text)),
    fc.array(tie('any')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$windlass', '__proto__', 'then', 'toJSON')), tie('any')),
    fc.array(tie('any')).map((items) => new Set(items)),
    fc.array(fc.tuple(fc.string(), tie('any'))).map((pairs) => new Map(pairs)),
  ),
})).any;

test('any value comes back as it was', () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(trip(given)).toEqual(normal(given));
    }),
    { numRuns: 500 },
  );
});

/** Null-prototype objects of fast-check come back as plain ones. */
function normal(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(normal);
  if (given instanceof Set) return new Set([...given].map(normal));
  if (given instanceof Map) return new Map([...given].map(([key, item]) => [normal(key), normal(item)]));
  if (typeof given !== 'object' || given === null || ![Object.prototype, null].includes(Object.getPrototypeOf(given))) return given;
  return Object.fromEntries(Object.entries(given).map(([key, item]) => [key, normal(item)]));
}

test('plain JSON travels as itself, so that anybody can read it', () => {
  const plain = { a: [1, 'x', null, { b: true }] };
  expect(encodeValue(plain)).toEqual(plain);
});

test('every typed array keeps its type and values', () => {
  for (const made of [Float64Array.of(1.5, -2), Int16Array.of(-3, 4), BigInt64Array.of(5n), Uint8Array.of(1)])
    expect(trip(made)).toEqual(made);
});
