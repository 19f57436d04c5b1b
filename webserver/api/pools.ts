/** /pools: how many task instances of a kind run at once. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import { listPools } from '#platform/db/queries/api/list-pools.ts';
import type { PoolRow } from '#platform/db/queries/api/pool-row.ts';
import { deletePool, insertPool, updatePool } from '#platform/db/queries/api/save-pool.ts';
import { listQuery, pattern } from '../http/list-query-schema.ts';
import { ProblemError, uniqueViolation } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import * as adminAnswers from './answers/admin.ts';
import * as runAnswers from './answers/runs.ts';
import { type BulkOperations, bulkBody, runBulk } from './bulk.ts';
import { maskedFields, updateMaskQuery } from './update-mask.ts';

const DEFAULT_POOL = 'default_pool';

const slots = z.number().int().min(-1).max(1_000_000);
const poolName = z.string().min(1).max(250);
const description = z.string().max(5_000).nullish();
const poolBody = z.strictObject({
  name: poolName,
  slots,
  description,
  include_deferred: z.boolean().default(false),
  team_name: z.null().optional(),
});
type PoolBody = z.infer<typeof poolBody>;
const patchBody = z.strictObject({
  pool: poolName.nullish(),
  name: poolName.nullish(),
  slots: slots.nullish(),
  description,
  include_deferred: z.boolean().nullish(),
  team_name: z.null().optional(),
});
const poolPath = z.object({ pool_name: z.string().min(1).max(250) });
const ORDERING = { fields: { id: 'name', pool: 'name', name: 'name' }, default: ['id'] };
const PATCHABLE = ['pool', 'name', 'slots', 'description', 'include_deferred', 'team_name'];

export const poolRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/pools',
    permission: 'viewer',
    summary: 'List pools.',
    response: adminAnswers.pools,
    query: listQuery({ pool_name_pattern: pattern('name') }, ORDERING),
    async handle({ db, query }) {
      const page = await listPools(db, query);
      return { pools: page.rows.map(poolShape), total_entries: page.total };
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/pools/:pool_name',
    permission: 'viewer',
    summary: 'One pool.',
    response: adminAnswers.pool,
    params: poolPath,
    handle: async ({ db, params }) => poolShape(await requirePool(db, params.pool_name)),
  }),
  route({
    method: 'POST',
    url: '/api/v2/pools',
    permission: 'op',
    audit: 'pool.create',
    status: 201,
    summary: 'Create a pool.',
    response: adminAnswers.pool,
    body: poolBody,
    async handle({ db, body, audit }) {
      if (!(await createPool(db, body)))
        throw new ProblemError(uniqueViolation(`There is a pool '${body.name}' already. Choose another name.`));
      audit({ extra: { pool: body.name, slots: body.slots } });
      return poolShape(await requirePool(db, body.name));
    },
  }),
  route({
    method: 'PATCH',
    url: '/api/v2/pools/:pool_name',
    permission: 'op',
    audit: 'pool.update',
    summary: 'Change a pool.',
    response: adminAnswers.pool,
    params: poolPath,
    query: updateMaskQuery,
    body: patchBody,
    async handle({ db, params, query, body, audit }) {
      const fields = maskedFields(query.update_mask, body, PATCHABLE);
      const pool = await requirePool(db, params.pool_name);
      const name = await changePool(db, pool, { ...body, name: body.pool ?? body.name }, fields);
      audit({ extra: { pool: pool.name, fields: [...fields] } });
      return poolShape(await requirePool(db, name));
    },
  }),
  route({
    method: 'DELETE',
    url: '/api/v2/pools/:pool_name',
    permission: 'op',
    audit: 'pool.delete',
    status: 204,
    summary: 'Delete a pool.',
    params: poolPath,
    async handle({ db, params, audit }) {
      await removePool(db, params.pool_name);
      audit({ extra: { pool: params.pool_name } });
    },
  }),
  route({
    method: 'PATCH',
    url: '/api/v2/pools',
    permission: 'op',
    audit: 'pool.bulk',
    summary: 'Create, change and delete many pools.',
    response: runAnswers.bulkResult,
    body: bulkBody<PoolBody>(poolBody as unknown as z.ZodType<PoolBody>),
    async handle({ db, body, audit }) {
      const result = await runBulk(body, poolOperations(db));
      audit({ extra: { actions: body.actions.map((action) => `${action.action} ${action.entities.length}`) } });
      return result;
    },
  }),
];

function poolOperations(db: Queryable): BulkOperations<PoolBody> {
  return {
    noun: 'pools',
    keyOf: (pool) => pool.name,
    async existing(keys) {
      const filters = [{ field: 'name', operator: 'any' as const, value: keys }];
      const page = await listPools(db, { filters, orderBy: [], limit: keys.length, offset: 0 });
      return new Set(page.rows.map((row) => row.name));
    },
    create: async (pool) => {
      await createPool(db, pool);
    },
    update: async (pool, mask) => {
      await changePool(db, await requirePool(db, pool.name), pool, mask ?? new Set(['slots', 'description', 'include_deferred']));
    },
    remove: (name) => removePool(db, name),
  };
}

function createPool(db: Queryable, body: PoolBody): Promise<boolean> {
  return insertPool(db, {
    name: body.name,
    slots: body.slots,
    description: body.description ?? null,
    includeDeferred: body.include_deferred,
  });
}

interface PoolChange {
  readonly name?: string | null | undefined;
  readonly slots?: number | null | undefined;
  readonly description?: string | null | undefined;
  readonly include_deferred?: boolean | null | undefined;
}

/** Returns the name the pool has afterwards. */
async function changePool(db: Queryable, pool: PoolRow, change: PoolChange, fields: ReadonlySet<string>): Promise<string> {
  const name = (fields.has('pool') || fields.has('name') ? change.name : null) ?? pool.name;
  if (pool.name === DEFAULT_POOL && (name !== pool.name || fields.has('description')))
    throw new AppError('BAD_REQUEST', 'Only slots and included_deferred can be modified on Default Pool');
  await updatePool(db, pool.name, {
    name,
    slots: (fields.has('slots') ? change.slots : null) ?? pool.slots,
    description: fields.has('description') ? (change.description ?? null) : pool.description,
    includeDeferred: (fields.has('include_deferred') ? change.include_deferred : null) ?? pool.include_deferred,
  });
  return name;
}

async function removePool(db: Queryable, name: string): Promise<void> {
  if (name === DEFAULT_POOL) throw new AppError('BAD_REQUEST', "Default Pool can't be deleted");
  if (!(await deletePool(db, name))) throw poolNotFound(name);
}

async function requirePool(db: Queryable, name: string): Promise<PoolRow> {
  const filters = [{ field: 'name', operator: 'eq' as const, value: name }];
  const row = (await listPools(db, { filters, orderBy: [], limit: 1, offset: 0 })).rows[0];
  if (row === undefined) throw poolNotFound(name);
  return row;
}

function poolNotFound(name: string): AppError {
  return new AppError('NOT_FOUND', `The Pool with name: \`${name}\` was not found`);
}

function poolShape(row: PoolRow) {
  const occupied = row.running + row.queued + (row.include_deferred ? row.deferred : 0);
  return {
    name: row.name,
    slots: row.slots,
    description: row.description,
    include_deferred: row.include_deferred,
    occupied_slots: occupied,
    running_slots: row.running,
    queued_slots: row.queued,
    scheduled_slots: row.scheduled,
    // -1 = no limit, for both.
    open_slots: row.slots < 0 ? -1 : Math.max(0, row.slots - occupied),
    deferred_slots: row.deferred,
    team_name: null,
  };
}
