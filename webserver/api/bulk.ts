/**
 * PATCH /pools, /variables, /connections: many creates, updates and deletes in one request. The answer is 200 and
 * tells for each action what was done; a refused action leaves its entities alone, the others go on.
 */
import { z } from 'zod';
import { isAppError } from '#core/errors.ts';

const MAX_ACTIONS = 100;
const MAX_ENTITIES = 1_000;

export interface BulkOperations<Entity> {
  /** "pools", for messages. */
  readonly noun: string;
  keyOf(entity: Entity): string;
  /** Which of the keys exist. */
  existing(keys: readonly string[]): Promise<ReadonlySet<string>>;
  create(entity: Entity): Promise<void>;
  /** `fields` null = all. */
  update(entity: Entity, fields: ReadonlySet<string> | null): Promise<void>;
  remove(key: string): Promise<void>;
}

export interface BulkActionResult {
  readonly success: string[];
  readonly errors: { readonly error: string; readonly status_code: number }[];
}

export interface BulkAction<Entity> {
  readonly action: 'create' | 'update' | 'delete';
  readonly entities: readonly (Entity | string)[];
  readonly action_on_existence?: 'fail' | 'skip' | 'overwrite';
  readonly action_on_non_existence?: 'fail' | 'skip';
  readonly update_mask?: readonly string[] | null | undefined;
}

export interface BulkBody<Entity> {
  readonly actions: readonly BulkAction<Entity>[];
}

/** BulkBody of Airflow for one kind of entity. */
export function bulkBody<Entity>(entity: z.ZodType<Entity>): z.ZodType<BulkBody<Entity>> {
  const entities = z.array(entity).max(MAX_ENTITIES);
  const action = z.discriminatedUnion('action', [
    z.strictObject({ action: z.literal('create'), entities, action_on_existence: z.enum(['fail', 'skip', 'overwrite']).default('fail') }),
    z.strictObject({
      action: z.literal('update'),
      entities,
      update_mask: z.array(z.string()).nullish(),
      action_on_non_existence: z.enum(['fail', 'skip']).default('fail'),
    }),
    z.strictObject({
      action: z.literal('delete'),
      entities: z.array(z.union([z.string(), entity])).max(MAX_ENTITIES),
      action_on_non_existence: z.enum(['fail', 'skip']).default('fail'),
    }),
  ]);
  return z.strictObject({ actions: z.array(action).max(MAX_ACTIONS) }) as unknown as z.ZodType<BulkBody<Entity>>;
}

export async function runBulk<Entity>(body: BulkBody<Entity>, operations: BulkOperations<Entity>) {
  const results: Record<'create' | 'update' | 'delete', BulkActionResult | null> = { create: null, update: null, delete: null };
  for (const action of body.actions) {
    const result = results[action.action] ?? { success: [], errors: [] };
    results[action.action] = result;
    await runAction(action, operations, result);
  }
  return results;
}

async function runAction<Entity>(action: BulkAction<Entity>, operations: BulkOperations<Entity>, result: BulkActionResult): Promise<void> {
  const keyOf = (entity: Entity | string) => (typeof entity === 'string' ? entity : operations.keyOf(entity));
  const keys = action.entities.map(keyOf);
  const existing = await operations.existing(keys);
  const isCreate = action.action === 'create';
  const inTheWay = [...new Set(keys.filter((key) => existing.has(key) === isCreate))];
  const policy = (isCreate ? action.action_on_existence : action.action_on_non_existence) ?? 'fail';
  if (policy === 'fail' && inTheWay.length > 0) {
    const what = isCreate ? 'exist already' : 'were not found';
    result.errors.push({
      error: `These ${operations.noun} ${what}: ${inTheWay.join(', ')}. Nothing of this action was done.`,
      status_code: isCreate ? 409 : 404,
    });
    return;
  }
  for (const entity of action.entities) {
    const key = keyOf(entity);
    if (policy === 'skip' && inTheWay.includes(key)) continue;
    try {
      await applyOne(action, entity, operations, existing.has(key));
      result.success.push(key);
    } catch (error) {
      // A refusal of ours changed nothing, so the transaction is whole; anything else ends the request.
      if (!isAppError(error)) throw error;
      result.errors.push({ error: error.message, status_code: error.http });
    }
  }
}

function applyOne<Entity>(
  action: BulkAction<Entity>,
  entity: Entity | string,
  operations: BulkOperations<Entity>,
  exists: boolean,
): Promise<void> {
  if (action.action === 'delete' || typeof entity === 'string')
    return operations.remove(typeof entity === 'string' ? entity : operations.keyOf(entity));
  if (action.action === 'create' && !exists) return operations.create(entity);
  return operations.update(entity, action.update_mask ? new Set(action.update_mask) : null);
}
