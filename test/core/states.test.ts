/** Goal: the table of transitions is sound, and the database refuses what it does not allow. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  FINISHED_STATES,
  isLegal,
  legalMoves,
  TASK_INSTANCE_EVENTS,
  TASK_INSTANCE_STATES,
  TASK_INSTANCE_TRANSITIONS,
  UNFINISHED_STATES,
} from '#core/states.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';

describe('the state machine', () => {
  it('splits the states into finished and unfinished ones', () => {
    expect([...FINISHED_STATES, ...UNFINISHED_STATES].toSorted()).toEqual([...TASK_INSTANCE_STATES].toSorted());
  });

  it('has a way to a finished state from every unfinished one', () => {
    const reached = new Set<string>(FINISHED_STATES);
    for (let grew = true; grew; ) {
      grew = false;
      for (const [from, to] of legalMoves())
        if (reached.has(to) && !reached.has(from)) {
          reached.add(from);
          grew = true;
        }
    }
    expect(UNFINISHED_STATES.filter((state) => !reached.has(state))).toEqual([]);
  });

  it('lets nobody but a person or a changed DAG take an instance out of a finished state', () => {
    const leaving = TASK_INSTANCE_EVENTS.filter((event) =>
      FINISHED_STATES.some((state) => isLegal(event, state) && TASK_INSTANCE_TRANSITIONS[event].to !== state),
    );
    expect(leaving.filter((event) => TASK_INSTANCE_TRANSITIONS[event].by !== 'user')).toEqual(['remove', 'restore']);
  });

  it("fences every move of a worker but the user's", () => {
    expect(
      TASK_INSTANCE_EVENTS.filter((event) => TASK_INSTANCE_TRANSITIONS[event].by === 'worker' && !TASK_INSTANCE_TRANSITIONS[event].fenced),
    ).toEqual([]);
  });
});

describe('the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    const { pool } = database.db;
    await pool.query(`insert into dag_bundle values ('h', ''); insert into dag (dag_id, file_path, is_paused, shard) values ('d', 'f', false, 0);
      insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path) values (new_id(), 'd', 1, 'c', 'h', '{}', '', 'f');
      insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by) select new_id(), 'd', 'r', 'manual', 'running', version_id, 0, now(), 'test' from dag_version`);
  });
  afterAll(() => database.drop());

  it('refuses every move that is not in the table, whoever writes it', async () => {
    const { pool } = database.db;
    const legal = new Set(legalMoves().map(([from, to]) => `${from}>${to}`));
    const wrong: string[] = [];
    for (const from of TASK_INSTANCE_STATES)
      for (const to of TASK_INSTANCE_STATES) {
        if (from === to) continue;
        const lease = (state: string) =>
          state === 'running'
            ? `lease_owner = 'w', lease_expires_at = now(), last_heartbeat_at = now()`
            : 'lease_owner = null, lease_expires_at = null';
        const id = (
          await pool.query(
            `insert into task_instance (task_instance_id, dag_run_id, task_id, state, operator, queue, pool, pool_slots, priority_weight, lease_owner, lease_expires_at, last_heartbeat_at)
          select new_id(), dag_run_id, $1 || '>' || $2, $1, 'task', 'q', 'p', 1, 1, case when $1 = 'running' then 'w' end, case when $1 = 'running' then now() end, now() from dag_run returning task_instance_id as id`,
            [from, to],
          )
        ).rows[0].id;
        const allowed = await pool.query(`update task_instance set state = $2, ${lease(to)} where task_instance_id = $1`, [id, to]).then(
          () => true,
          (error: Error) => (/illegal transition/.test(error.message) ? false : Promise.reject(error)),
        );
        if (allowed !== legal.has(`${from}>${to}`)) wrong.push(`${from}>${to} ${allowed ? 'was allowed' : 'was refused'}`);
      }
    expect(wrong).toEqual([]);
  });

  it('refuses a state that is not in the table, and a second claim of what runs', async () => {
    const insert = (state: string) =>
      database.db.pool.query(
        `insert into task_instance (task_instance_id, dag_run_id, task_id, map_index, state, operator, queue, pool, pool_slots, priority_weight, lease_owner, lease_expires_at, last_heartbeat_at)
         select new_id(), dag_run_id, 'again', (random() * 1e6)::int, $1, 'task', 'q', 'p', 1, 1, case when $1 = 'running' then 'w' end, case when $1 = 'running' then now() end, now() from dag_run`,
        [state],
      );
    await expect(insert('dreaming')).rejects.toThrow('there is no state dreaming');
    await insert('running');
    await expect(
      database.db.pool.query(
        `update task_instance set state = 'running', lease_epoch = lease_epoch + 1 where state = 'running' and task_id = 'again'`,
      ),
    ).rejects.toThrow(/runs already, under the lease 0/);
  });
});
