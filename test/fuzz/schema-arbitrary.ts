/** Values that fit a JSON schema, as the OpenAPI document holds them, and (sloppy) values that nearly do. */
import fc from 'fast-check';
import { hostileJson, hostileText } from './hostile.ts';

// biome-ignore lint/suspicious/noExplicitAny: a JSON schema has any form.
export type Schema = any;

interface Making {
  /** Now and then a part is something else. */
  readonly sloppy: boolean;
  /** Values for a property or parameter by its name: ids that exist. */
  readonly known: Readonly<Record<string, readonly unknown[]>>;
}

const HOSTILE_WEIGHT = 1;
const VALID_WEIGHT = 6;
const EXTRA_KEY = fc.constantFrom('__proto__', 'id', 'is_admin', 'created_at', 'x');

/** `name` is the property's or parameter's. */
export function arbitraryOf(schema: Schema, making: Making, name = ''): fc.Arbitrary<unknown> {
  const known = making.known[name];
  const valid =
    known === undefined
      ? validOf(schema, making)
      : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: validOf(schema, making) });
  return making.sloppy ? fc.oneof({ weight: VALID_WEIGHT, arbitrary: valid }, { weight: HOSTILE_WEIGHT, arbitrary: hostileJson }) : valid;
}

function validOf(schema: Schema, making: Making): fc.Arbitrary<unknown> {
  if (schema === undefined || schema === true) return hostileJson;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => validOf(choice, making)));
  if (Array.isArray(schema.allOf)) return validOf(Object.assign({}, ...schema.allOf), making);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? schema.exclusiveMinimum ?? -1_000, -(2 ** 31)),
        max: Math.min(schema.maximum ?? 1_000, 2 ** 31 - 1),
      });
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true, min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9 });
    case 'string':
      return textOf(schema);
    case 'array':
      return fc.array(arbitraryOf(schema.items, making), { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 4, 4) });
    case 'object':
      return objectOf(schema, making);
    default:
      return hostileJson;
  }
}

function textOf({ format, pattern, minLength = 0, maxLength = 60 }: Schema): fc.Arbitrary<string> {
  const instants = fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString());
  if (format === 'date-time') return instants;
  if (format === 'date') return instants.map((text) => text.slice(0, 10));
  if (pattern !== undefined) {
    try {
      return fc.stringMatching(new RegExp(pattern, 'u'));
    } catch {
      // A pattern with what fast-check does not know, such as a look ahead.
    }
  }
  return fc.oneof(hostileText, instants, fc.string({ minLength, maxLength: Math.min(maxLength, 60) }));
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema, making: Making): fc.Arbitrary<unknown> {
  const parts = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, arbitraryOf(inner, making, name)]));
  const fixed = fc.record(parts, { requiredKeys: making.sloppy ? [] : (required as string[]) });
  const isOpen = typeof additionalProperties === 'object' || additionalProperties === undefined;
  if (!making.sloppy && !(isOpen && Object.keys(properties).length === 0)) return fixed;
  const extra = fc.dictionary(
    making.sloppy ? EXTRA_KEY : hostileText,
    arbitraryOf(additionalProperties === false ? {} : additionalProperties, making),
    { maxKeys: 3 },
  );
  return fc.oneof(
    { weight: 4, arbitrary: fixed },
    { weight: 1, arbitrary: fc.tuple(fixed, extra).map(([one, other]) => ({ ...one, ...other })) },
  );
}
