/**
 * Goal: what an earlier release wrote is read by this one: what lay in its queue, what was said over its doorbells, between
 * its supervisors and task processes, and the DAGs it saved, whose runs go on. Method: folders of payloads as that release wrote them,
 * never edited since; a release that changes one of these forms adds a folder.
 */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import { indexDag } from '#core/scheduling/dag-index.ts';
import { shardOf } from '#core/sharding.ts';
import { type BodyResult, type FromTaskProcess, TASK_PROTOCOL, type ToTaskProcess } from '#core/task-protocol.ts';
import { parseSpec } from '#core/validate-spec.ts';
import { decodeMessage } from '#platform/broker/message-wire.ts';
import { decodeBatch, encodeBatch } from '#platform/broker/payload.ts';
import { bundleHash } from '#platform/bundle-hash.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { quietLogger } from '#platform/logger.ts';
import { until } from '#test/support/until.ts';
import { startScheduler } from '../../scheduler/main.ts';
import { TaskProcess } from '../../worker/task-process.ts';
import { parseFromTaskProcess } from '../../worker/validate-message.ts';
import { openWorld } from '../worker/support.ts';

vi.setConfig({ testTimeout: 90_000 });

const RELEASES = fileURLToPath(new URL('releases/', import.meta.url));

interface Doorbell {
  readonly channel: string;
  readonly text: string;
}

describe.each(readdirSync(RELEASES))('of release %s', (release) => {
  const text = (name: string) => readFileSync(join(RELEASES, release, name), 'utf8');
  const read = <T>(name: string) => JSON.parse(text(name)) as readonly T[];

  it('batches of its queue are deliveries, and are still written in that form', () => {
    for (const { batch } of read<{ batch: ReturnType<typeof encodeBatch> }>('queue-jobs.json')) {
      const decoded = decodeBatch(batch);
      expect(decoded).toEqual({
        kind: 'batch',
        batch: batch.t.map(([taskInstanceId, tryNumber, leaseEpoch]) => ({ taskInstanceId, tryNumber, leaseEpoch })),
      });
      if (decoded.kind === 'batch') expect(encodeBatch(decoded.batch)).toEqual(batch);
    }
  });

  it('messages of its doorbells are heard whole', () => {
    for (const { channel, text } of read<Doorbell>('doorbells.json')) {
      const { v: _, ...said } = JSON.parse(text) as Record<string, unknown>;
      expect([channel, decodeMessage(text)]).toEqual([channel, said]);
    }
  });

  it('messages of its task processes are understood, but for ends that do not say whose they are', () => {
    const said = read<{ readonly type: string }>('from-task-process.json');
    expect(new Set(said.map((message) => message.type))).toEqual(new Set(['ready', 'log', 'heartbeat', 'request', 'result']));
    for (const message of said) {
      const heard = parseFromTaskProcess(message);
      if (message.type !== 'result' || 'attemptId' in message) expect(heard).toMatchObject(message);
      // Its processes tell with their first word that they speak the protocol before: no worker of today gives them a body.
      else expect(heard).toBeNull();
      if (heard?.type === 'ready' && !('protocol' in message)) expect(heard.protocol).toBeLessThan(TASK_PROTOCOL);
    }
  });

  it('what its supervisors said makes a task process of today do what theirs did', async () => {
    const sent = read<ToTaskProcess>('to-task-process.json');
    const outcomes = read<FromTaskProcess>('from-task-process.json').flatMap((message) =>
      message.type === 'result' ? [message.result.outcome] : [],
    );
    const bundleFile = join(mkdtempSync(join(tmpdir(), 'windlass-golden-')), 'bundle.mjs');
    writeFileSync(bundleFile, text('bundle.txt'));
    const process = new TaskProcess({ memoryMb: 256, openFilesMax: 1_024, uid: null, xcomMaxBytes: 1024 * 1024 }, systemClock);
    const results = new Map<string, BodyResult>();
    const replies = sent.filter((message) => message.type === 'reply');
    process.listen({
      onMessage(message) {
        if (message.type === 'result') results.set(message.attemptId, message.result);
        const reply = message.type === 'request' ? replies.shift() : undefined;
        if (message.type === 'request' && reply !== undefined) process.send({ ...reply, requestId: message.requestId });
      },
      onOutput() {},
      onOversizedMessage() {},
      onGarbledMessage() {},
    });
    try {
      await process.ready;
      for (const message of sent) {
        if (message.type === 'load') process.send({ ...message, bundleFile });
        if (message.type !== 'run') continue;
        process.send(message);
        const { attemptId } = message.context;
        await until(() => results.has(attemptId), { what: `${message.context.taskId} ends` });
      }
      expect([...results.values()].map((result) => result.outcome)).toEqual(outcomes);
    } finally {
      await process.kill();
    }
  });

  it('specs of its DAGs are valid, and can be decided about', () => {
    for (const spec of read<DagSpec>('specs.json')) {
      expect(parseSpec(JSON.stringify(spec))).toEqual({ spec });
      expect(indexDag(spec).tasks).toHaveLength(spec.tasks.length);
    }
  });

  it('a run of a DAG it saved goes on here, with the code it saved', async () => {
    const [spec] = read<DagSpec>('specs.json') as [DagSpec];
    const world = await openWorld();
    const { db, broker, config } = world;
    const { dagId } = spec;
    const versionId = newId();
    const hash = bundleHash(text('bundle.txt'));
    const dagRunId = newId();
    await db.pool.query('insert into dag_bundle (hash, code) values ($1, $2)', [hash, text('bundle.txt')]);
    await db.pool.query(`insert into dag (dag_id, file_path, is_paused, shard) values ($1, 'dag.ts', false, $2)`, [dagId, shardOf(dagId)]);
    await db.pool.query(
      `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
       values ($1, $2, 1, $4, $4, $3, '', 'dag.ts')`,
      [versionId, dagId, JSON.stringify(spec), hash],
    );
    await db.pool.query('update dag set version_id = $2 where dag_id = $1', [dagId, versionId]);
    const none = { logicalDate: null, dataIntervalStart: null, dataIntervalEnd: null, triggeringUser: null, note: null };
    const run = {
      dagRunId,
      dagId,
      runId: 'manual__1',
      runType: 'manual',
      conf: {},
      runAfter: new Date(0),
      triggeredBy: 'test',
      ...none,
    } as const;
    expect(await createDagRuns(db, [run])).toEqual(new Set([dagRunId]));
    const scheduler = await startScheduler({ config, db, broker, clock: systemClock, logger: quietLogger() });
    try {
      await world.worker();
      const states = async () =>
        Object.fromEntries(
          (
            await db.pool.query<{ name: string; state: string }>(
              `select task_id || case when map_index < 0 then '' else '[' || map_index || ']' end as name, state from task_instance where dag_run_id = $1`,
              [dagRunId],
            )
          ).rows.map(({ name, state }) => [name, state]),
        );
      const wanted = {
        list: 'success',
        'each[0]': 'success',
        'each[1]': 'success',
        both: 'success',
        asks: 'success',
        pushes: 'success',
        skips: 'skipped',
        fails: 'failed',
        later: 'up_for_retry',
        looks: 'up_for_reschedule',
      };
      await until(async () => isDeepStrictEqual(await states(), wanted), {
        what: 'its tasks are where they should be',
        deadlineMs: 30_000,
      }).catch(async () => expect(await states()).toEqual(wanted));
      const { rows } = await db.pool.query(
        `select x.value from xcom x join task_instance ti using (task_instance_id) where ti.dag_run_id = $1 and ti.task_id = 'both' and x.key = 'return_value'`,
        [dagRunId],
      );
      expect(rows).toEqual([{ value: 'a+b' }]);
    } finally {
      await scheduler.stop();
      await world.close();
    }
  });
});
