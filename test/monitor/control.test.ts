/**
 * A control is a wish written to the worker's row with its line in the audit log, then a ring, then the
 * worker's own report. The worker here is a stand-in that answers the ring with a real heartbeat.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerControl } from '#platform/broker/messages.ts';
import { answerRing, aWorker, type Harness, startHarness } from './harness.ts';

let monitor: Harness;

beforeAll(async () => {
  monitor = await startHarness();
  await monitor.broker.listen('worker_control', (message) => void answerRing(monitor.db, (message as WorkerControl).workerId));
});

afterAll(() => monitor.stop());

async function rowOf(workerId: string) {
  const { rows } = await monitor.db.pool.query(
    'select state, slots, desired_state, desired_slots, stopped_at from service where service_id = $1',
    [workerId],
  );
  return rows[0];
}

async function auditOf(workerId: string) {
  const { rows } = await monitor.db.pool.query(
    "select actor, action, request_id, extra from audit_log where extra ->> 'worker_id' = $1 order by audit_id",
    [workerId],
  );
  return rows;
}

describe('controlling a worker', () => {
  it('writes the wish and the audit line, and answers done when the worker reports it', async () => {
    await aWorker(monitor.db, 'w-1');
    const answer = await monitor.request('POST', '/api/v1/workers/w-1/pause', { role: 'op' });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({ outcome: 'done', worker: { workerId: 'w-1', status: 'paused' } });
    expect(await rowOf('w-1')).toMatchObject({ state: 'paused', desired_state: 'paused' });
    expect(await auditOf('w-1')).toMatchObject([
      { actor: 'op', action: 'worker.pause', extra: { worker_id: 'w-1', hostname: 'host-1', state: 'paused' } },
    ]);
  });

  it('sets slots and state together, leaving what was not asked for', async () => {
    await aWorker(monitor.db, 'w-2');
    const both = await monitor.request('PATCH', '/api/v1/workers/w-2', { body: { slots: 3, state: 'paused' } });
    expect(both.json).toMatchObject({ outcome: 'done', worker: { slots: 3, status: 'paused' } });
    const onlySlots = await monitor.request('PATCH', '/api/v1/workers/w-2', { body: { slots: 5 } });
    expect(onlySlots.json).toMatchObject({ outcome: 'done', worker: { slots: 5, status: 'paused' } });
    expect((await auditOf('w-2')).map((row) => row.action)).toEqual(['worker.pause', 'worker.set_slots']);
  });

  it('resumes, drains and stops', async () => {
    await aWorker(monitor.db, 'w-3', { state: 'paused' });
    for (const [verb, status] of [
      ['resume', 'online'],
      ['drain', 'draining'],
      ['stop', 'stopped'],
    ]) {
      const answer = await monitor.request('POST', `/api/v1/workers/w-3/${verb}`, { headers: { 'content-type': 'application/json' } });
      expect(answer.json, verb).toMatchObject({ outcome: 'done', worker: { status } });
    }
    const late = await monitor.request('POST', '/api/v1/workers/w-3/resume');
    expect(late.status).toBe(409);
    expect(late.json.detail).toContain('windlass worker');
  });

  it('says "no answer" after three seconds and keeps the wish', async () => {
    await aWorker(monitor.db, 'w-deaf');
    const answer = await monitor.request('POST', '/api/v1/workers/w-deaf/pause');
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ outcome: 'no_answer', worker: { status: 'online', desired: { state: 'paused' } } });
    expect(answer.json.tookMs).toBeGreaterThanOrEqual(3_000);
    expect(await rowOf('w-deaf')).toMatchObject({ desired_state: 'paused' });
  });

  it('refuses what makes no sense, naming the field, and writes nothing', async () => {
    await aWorker(monitor.db, 'w-4');
    for (const body of [{ slots: 0 }, { slots: 1.5 }, { slots: 100_000 }, { state: 'asleep' }, {}, { slot: 4 }]) {
      const answer = await monitor.request('PATCH', '/api/v1/workers/w-4', { body });
      expect(answer.status, JSON.stringify(body)).toBe(400);
    }
    expect((await monitor.request('POST', '/api/v1/workers/nobody/pause')).status).toBe(404);
    expect(await rowOf('w-4')).toMatchObject({ desired_state: null, desired_slots: null });
    expect(await auditOf('w-4')).toEqual([]);
  });
});
