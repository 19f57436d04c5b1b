/** Goal: while there is nothing to look for, one statement a second says so to all who look. Method: statements are counted on a real database. */
import { expect, it } from 'vitest';
import type { Queryable, Statement } from '#platform/db/client.ts';
import { askToParse } from '#platform/db/queries/parse-requests.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { OpenWorkLook } from '../../scheduler/engine/open-work.ts';
import { database, sql, startRun } from './engine-harness.ts';

function counted(): { readonly db: Queryable; readonly sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    db: {
      query: (statement: Statement, values) => {
        sent.push(statement.name);
        return database.db.query(statement, values);
      },
    },
  };
}

it('asks once a second, whoever asks', async () => {
  const { db, sent } = counted();
  const clock = new ManualClock();
  const look = new OpenWorkLook(db, clock);
  const all = () => Promise.all([look.has('backfills'), look.has('deadlines'), look.has('assetEvents')]);
  expect(await all()).toEqual([false, false, false]);
  clock.advance(500);
  await all();
  expect(sent).toEqual(['find_open_work']);
  clock.advance(500);
  await all();
  expect(sent).toHaveLength(2);
});

it('tells each kind when there is some of it, and at once when told to look again', async () => {
  const look = new OpenWorkLook(database.db, new ManualClock());
  const run = await startRun(aDagSpec('late', [aTask('a')]));
  expect(await look.has('deadlines')).toBe(false);
  await sql(`insert into deadline (dag_run_id, slot, name, due_at, callbacks) values ($1, 0, 'd', now(), '{}')`, [run]);
  expect(await look.has('deadlines')).toBe(false);
  look.forget();
  expect(await look.has('deadlines')).toBe(true);
  expect(await look.has('parseRequests')).toBe(false);
  await askToParse(database.db, [{ bundleName: 'dags-folder', filePath: 'late.ts' }]);
  look.forget();
  expect(await look.has('parseRequests')).toBe(true);
  expect(await look.has('backfills')).toBe(false);
});

it('asks again after an answer that did not come', async () => {
  let broken = true;
  const db: Queryable = {
    query: (statement, values) => (broken ? Promise.reject(new Error('away')) : database.db.query(statement, values)),
  };
  const look = new OpenWorkLook(db, new ManualClock());
  await expect(look.has('backfills')).rejects.toThrow('away');
  broken = false;
  expect(await look.has('backfills')).toBe(false);
});
