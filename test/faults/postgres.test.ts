/**
 * Goal: whatever Postgres answers instead of doing its work, no process ends, running bodies go on, and afterwards all ends
 * by itself, each body once. Method: real processes over a database that is brought into each state by SQL.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createUser, issueToken } from '#platform/auth/users.ts';
import { newId } from '#platform/clock.ts';
import { type Fleet, LEDGER, type Member, startFleet } from '#test/support/fleet.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
const FAULT_MS = 6_000;
const RUNS = 3;

let fleet: Fleet;
let web: Member;
let token: string;

beforeAll(async () => {
  const file = `
import { dag } from 'windlass';
${LEDGER}
export const steady = dag('steady', {}, ({ task, chain }) => { chain(task('first', note), task('second', note)); });
export const long = dag('long', {}, ({ task }) => { task('through', async (ctx) => { await sleep(${FAULT_MS + 2_000}); note(ctx); }); });
`;
  fleet = await startFleet({ 'steady.ts': file });
  [web] = await Promise.all([fleet.start('webserver'), fleet.start('scheduler'), fleet.start('worker')]);
  await fleet.know('steady', 'long');
  await createUser(fleet.database.db, { username: 'writer', password: 'correct horse battery', role: 'admin' });
  token = (await issueToken(fleet.database.db, { username: 'writer', kind: 'api', ttlMs: 3_600_000 })).token;
});
afterAll(() => fleet.close());

/** Sessions of everybody but us; what is set for the database counts for those that come after. */
const endSessions = () =>
  fleet.sql('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name !~ $1', [
    '^test:',
  ]);
const passed = (ms: number) => {
  const from = performance.now();
  return until(() => performance.now() - from >= ms, { what: `${ms} ms have passed`, deadlineMs: ms + 2_000 });
};

async function withinFault(
  begin: () => Promise<unknown>,
  end: () => Promise<unknown>,
  meanwhile: () => Promise<unknown> = () => passed(FAULT_MS),
) {
  const run = await fleet.trigger('long');
  await until(async () => (await fleet.states(run))['through'] === 'running', { what: 'the long body runs', deadlineMs: 60_000 });
  for (let n = 0; n < RUNS; n++) await fleet.trigger('steady');
  await begin();
  try {
    await meanwhile();
  } finally {
    await end();
  }
  for (let n = 0; n < RUNS; n++) await fleet.trigger('steady');
  expect(Object.keys(await fleet.allEnded(90_000))).toEqual(['success']);
  expect(fleet.members.filter((member) => member.hasEnded()).map((member) => member.log().slice(-2_000))).toEqual([]);
  const [{ instances } = { instances: 0 }] = await fleet.sql<{ instances: number }>('select count(*)::int as instances from task_instance');
  expect(new Set(fleet.ledger()).size).toBe(instances);
  expect(fleet.ledger()).toHaveLength(instances);
}

/** Every write of a state or of history fails like this, or each now and then. */
const refuseWrites = (errcode: string, share = 1) =>
  fleet.sql(`
    create or replace function refuse_write() returns trigger language plpgsql as $$
    begin
      if random() < ${share} then raise exception 'injected' using errcode = ${errcode}; end if;
      return new;
    end $$;
    create trigger refuse_write before insert or update on task_instance for each row execute function refuse_write()`);
const acceptWrites = () => fleet.sql('drop trigger refuse_write on task_instance; drop function refuse_write');

/** What the API answers to somebody who saves a variable. */
async function statusOfWrite(): Promise<readonly [number, string | null]> {
  const answer = await fetch(`${web.url}/api/v2/variables`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ key: `k${newId()}`, value: 'v' }),
  });
  return [answer.status, answer.headers.get('retry-after')];
}

it('takes no writes for a while', async () => {
  await withinFault(
    async () => {
      await fleet.sql(`do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`);
      await endSessions();
    },
    async () => {
      await fleet.sql(
        `set default_transaction_read_only = off; do $$ begin execute format('alter database %I reset default_transaction_read_only', current_database()); end $$`,
      );
      await endSessions();
    },
    async () => {
      await until(async () => (await statusOfWrite())[0] === 503, { what: 'the web server says that it cannot write' });
      expect(await statusOfWrite()).toEqual([503, '5']);
      await passed(FAULT_MS);
    },
  );
  expect(await statusOfWrite()).toEqual([201, null]);
});

it('has no room on its disk for a while', () => withinFault(() => refuseWrites(`'53100'`), acceptWrites));

it('breaks off one statement in four, for a conflict, a deadlock or a lock', () =>
  withinFault(() => refuseWrites(`(array['40001', '40P01', '55P03'])[1 + floor(random() * 3)::int]`, 0.25), acceptWrites));

it('ends all sessions again and again', () =>
  withinFault(
    async () => {},
    async () => {},
    async () => {
      for (let times = 0; times < 4; times++) {
        await endSessions();
        await fleet.trigger('steady');
        await passed(1_500);
      }
    },
  ));

it('has a pool locked by somebody', async () => {
  const holder = await fleet.database.db.pool.connect();
  try {
    await withinFault(
      () => holder.query(`begin; select 1 from pool where name = 'default_pool' for update`),
      () => holder.query('rollback'),
      () => passed(FAULT_MS),
    );
  } finally {
    holder.release();
  }
});
