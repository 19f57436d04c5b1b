/** What a DAG's build function returned: as data in its spec, and put together again from the results of one run. */
import type { InputTree } from '../definition.ts';
import { resolveInput } from './resolve-input.ts';
import { decodeValue, encodeValue } from './value-codec.ts';

/** As the supervisor answers `run_output`. */
export interface FoundOutput {
  readonly output: unknown;
  readonly params: unknown;
  readonly results: Readonly<Record<string, unknown>>;
}

/** `{output}` for the spec; empty when the DAG returns nothing that another one could use. */
export function serialiseOutput(output: InputTree): { readonly output?: Readonly<Record<string, unknown>> } {
  if (output.kind === 'literal' && output.value === undefined) return {};
  const encoded = encodeTree(output);
  return encoded === null ? {} : { output: encoded as unknown as Record<string, unknown> };
}

export function resolveOutput({ output, params, results }: FoundOutput): unknown {
  if (output === null || output === undefined) return undefined;
  const inputs = new Map(Object.entries(results).map(([id, value]) => [id, decodeValue(value)]));
  return resolveInput(decodeTree(output as InputTree), { params, item: undefined, inputs });
}

/** Null when a literal in it is no data (a function): nobody else can read it then. */
function encodeTree(tree: InputTree): InputTree | null {
  const all = <T>(parts: readonly (T | null)[]): readonly T[] | null => (parts.includes(null) ? null : (parts as readonly T[]));
  switch (tree.kind) {
    case 'ref':
      return tree;
    case 'literal':
      try {
        return { kind: 'literal', value: encodeValue(tree.value ?? null, 'the output') };
      } catch {
        return null;
      }
    case 'list': {
      const items = all(tree.items.map(encodeTree));
      return items && { kind: 'list', items };
    }
    case 'object': {
      const parts = all(tree.entries.map(([, part]) => encodeTree(part)));
      return parts && { kind: 'object', entries: tree.entries.map(([key], index) => [key, parts[index] as InputTree] as const) };
    }
  }
}

function decodeTree(tree: InputTree): InputTree {
  switch (tree.kind) {
    case 'ref':
      return tree;
    case 'literal':
      return { kind: 'literal', value: decodeValue(tree.value) };
    case 'list':
      return { kind: 'list', items: tree.items.map(decodeTree) };
    case 'object':
      return { kind: 'object', entries: tree.entries.map(([key, part]) => [key, decodeTree(part)] as const) };
  }
}
