/**
 * Goal: when Postgres comes back without its last commits (a failover to a standby that lagged, a backup that is restored), work
 * goes on from what the rows say, by itself. Method: real processes at work; the database is put back to a copy of itself
 * under them, with a body at work that the copy does not know.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { openDatabase } from '#platform/db/client.ts';
import { quietLogger } from '#platform/logger.ts';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { until } from '#test/support/until.ts';
import { ProbedCluster } from '../probes/cluster.ts';
import { dagFile, ledgerOf } from '../probes/dag-texts.ts';
import { readLedger } from '../probes/ledger.ts';
import { whatIsWrong } from '../probes/matrix.ts';
import { begun } from '../probes/workloads.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let redis: TestRedis;
let cluster: ProbedCluster;
beforeAll(async () => {
  redis = await startRedis();
  cluster = await ProbedCluster.open(redis, { scheduler: 1, worker: 1 }, (folder) => ({
    'all.ts': dagFile(folder, { steps_a: 'steps', long: 'long', dated: 'dated' }),
  }));
});
afterAll(async () => {
  await cluster?.close();
  await redis.stop();
});

/** With everybody's connections cut: a database that somebody uses can neither be copied nor replaced. */
async function alone(work: (sql: (text: string) => Promise<unknown>, name: string) => Promise<void>): Promise<void> {
  const admin = openDatabase({ url: inject('postgresUrl'), applicationName: 'test:restore', logger: quietLogger(), maxConnections: 1 });
  const name = new URL(cluster.database.url).pathname.slice(1);
  const sql = (text: string) => admin.pool.query(text);
  try {
    await sql(`alter database ${name} allow_connections false`);
    await sql(`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${name}'`);
    await work(sql, name);
    await sql(`alter database ${name} allow_connections true`);
  } finally {
    await admin.close();
  }
}

it('a restored backup: what it does not know is fenced and forgotten, what was on its way goes on, what is due is made again', async () => {
  const [kept, open] = [await cluster.trigger(['steps_a']), await cluster.trigger(['long'])];
  await cluster.ended(kept);
  await begun(cluster, open);
  await alone(async (sql, name) => void (await sql(`create database ${name}_backup template ${name}`)));

  // The lost hour: a run that ends, one whose body is at work, and runs whose time had come.
  const ended = await cluster.trigger(['steps_a']);
  await cluster.ended(ended);
  const [working] = await cluster.trigger(['long']);
  await begun(cluster, [working as string]);
  await cluster.sql(`update dag set is_paused = false where dag_id = 'dated'`);
  cluster.broker.ring('dags_changed', { dagIds: ['dated'] });
  const days = () =>
    cluster.sql<{ id: string; over: boolean }>(`select dag_run_id as id, ended_at is not null as over from dag_run where dag_id = 'dated'`);
  const allOver = async () => {
    const rows = await days();
    return rows.length === 3 && rows.every((row) => row.over);
  };
  await until(allOver, { what: 'the runs of three days have ended', deadlineMs: 60_000 });

  await alone(async (sql, name) => {
    await sql(`drop database ${name}`);
    await sql(`create database ${name} template ${name}_backup`);
    await sql(`drop database ${name}_backup`);
  });

  const runs = await cluster.sql<{ id: string }>('select dag_run_id as id from dag_run');
  expect(runs.map((run) => run.id).toSorted()).toEqual([...kept, ...open].toSorted());
  // A body of a run that never was may not go on.
  await until(() => !bodiesAtWork().includes(working as string), { what: 'the unknown body is gone', deadlineMs: 60_000 });
  await cluster.sql(`update dag set is_paused = false where dag_id = 'dated'`);
  cluster.broker.ring('dags_changed', { dagIds: ['dated'] });
  await until(allOver, { what: 'the runs of three days are made again, and end', deadlineMs: 60_000 });
  await cluster.ended(open);
  const later = await cluster.trigger(['steps_a']);
  await cluster.ended(later);
  expect(await whatIsWrong(cluster, [...kept, ...later])).toEqual([]);
  // What a lost commit had said is done again: no try of that time is known.
  const begins = readLedger(ledgerOf(cluster.folder)).filter((note) => note.dag === 'dated' && note.what === 'begin');
  expect([...Map.groupBy(begins, (note) => note.run).values()].map((ofRun) => ofRun.length)).toEqual([2, 2, 2]);
});

/** Runs whose bodies live, by their processes. */
function bodiesAtWork(): readonly string[] {
  const notes = readLedger(ledgerOf(cluster.folder));
  const over = new Set(notes.filter((note) => note.what === 'end').map((note) => `${note.run} ${note.pid}`));
  return notes
    .filter(
      (note) => note.what === 'begin' && note.dag === 'long' && !over.has(`${note.run} ${note.pid}`) && existsSync(`/proc/${note.pid}`),
    )
    .map((note) => note.run.replace('manual__', ''));
}
