/** Makes the item of one mapped instance: the elements that the supervisor sent, and what is written in the DAG file. */
import type { ListExpression } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import { type ItemPick, pickAt } from '#core/mapping/list-expression.ts';
import type { ItemParts } from '#core/task-protocol.ts';
import type { ListTree } from '../lists.ts';
import { serialiseList } from './serialise-list.ts';
import { decodeValue } from './value-codec.ts';

/** Rejects with what a change of the author's threw, and with BAD_REQUEST when the list has no such element. */
export async function makeItem(tree: ListTree, mapIndex: number, parts: ItemParts): Promise<unknown> {
  const list: ListExpression = serialiseList(tree);
  let picked: ItemPick;
  try {
    picked = pickAt(list, mapIndex, (leaf) => parts.lengths[leaf] ?? undefined);
  } catch {
    throw new AppError('BAD_REQUEST', `The list to map over has no element ${mapIndex} any more: it became shorter.`);
  }
  return build(tree, picked, parts);
}

async function build(tree: ListTree, pick: ItemPick, parts: ItemParts): Promise<unknown> {
  switch (tree.kind) {
    case 'transform':
      return tree.change(await build(tree.part, pick, parts));
    case 'literal':
      return pick.kind === 'leaf' ? tree.items[pick.index] : undefined;
    case 'task':
    case 'params':
      return pick.kind === 'leaf' ? decodeValue(parts.values[pick.leaf]) : undefined;
    case 'concat':
      return pick.kind === 'one_of' ? build(tree.parts[pick.part] as ListTree, pick.pick, parts) : undefined;
    case 'zip':
    case 'cross': {
      const picks = pick.kind === 'parts' ? pick.parts : [];
      const items: unknown[] = [];
      for (const [at, part] of tree.parts.entries()) items.push(await buildPart(tree, part, picks[at] as ItemPick, parts));
      return tree.names === null ? items : Object.fromEntries(tree.names.map((name, at) => [name, items[at]]));
    }
  }
}

function buildPart(tree: ListTree, part: ListTree, pick: ItemPick, parts: ItemParts): unknown {
  return pick.kind === 'fill' && tree.kind === 'zip' ? tree.fill?.value : build(part, pick, parts);
}
