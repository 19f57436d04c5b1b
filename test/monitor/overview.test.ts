/**
 * What the monitor says of workers, queues and tasks must be what the rows say: counted over a real Postgres,
 * asked through the HTTP app as a browser would.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokerKind } from '#test/support/broker.ts';
import type { Overview, QueueView, TaskPage, WorkerView } from '../../monitor/api/types.ts';
import { aTask, aWorker, type Harness, HEARTBEAT_MS, startHarness } from './harness.ts';

let monitor: Harness;

beforeAll(async () => {
  monitor = await startHarness();
  const { db } = monitor;
  await aWorker(db, 'w-1', { queues: ['default', 'etl'], slots: 4, running: 2, processed: 10, failed: 1 });
  await aWorker(db, 'w-paused', { state: 'paused', queues: ['gpu'], slots: 2 });
  await aWorker(db, 'w-draining', { state: 'draining', queues: ['default'], slots: 1 });
  await aWorker(db, 'w-lost', { queues: ['gpu'], slots: 16, silentMs: 3 * HEARTBEAT_MS + 500 });
  await aWorker(db, 'w-stopped', { queues: ['gpu'], slots: 16, stopped: true });
  await aWorker(db, 'w-forgotten', { silentMs: 2 * 86_400_000 });
  await aTask(db, { taskId: 'extract', state: 'running' });
  await aTask(db, { taskId: 'load', state: 'running', queue: 'etl' });
  await aTask(db, { taskId: 'embed', state: 'queued', queue: 'gpu', queuedSecondsAgo: 90 });
  await aTask(db, { taskId: 'embed', state: 'queued', queue: 'gpu', queuedSecondsAgo: 30 });
  await aTask(db, { taskId: 'publish', state: 'success', queuedSecondsAgo: 20 });
  await aTask(db, {
    dagId: 'crm_100%',
    taskId: 'sync',
    state: 'failed',
    queuedSecondsAgo: 40,
    tryNumber: 2,
    error: 'connect ECONNREFUSED',
  });
  await aTask(db, { taskId: 'yesterday', state: 'success', queuedSecondsAgo: 7_200 });
});

afterAll(() => monitor.stop());

const get = async <T>(url: string): Promise<T> => {
  const answer = await monitor.request('GET', url, { role: 'viewer' });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as T;
};

describe('the overview', () => {
  it('counts workers by what they are and slots of those that are alive', async () => {
    const overview = await get<Overview>('/api/v1/overview');
    expect(overview.workers).toEqual({ online: 1, paused: 1, draining: 1, lost: 1 });
    expect(overview.slots).toEqual({ used: 2, total: 7 });
    expect(overview.broker.kind).toBe(brokerKind);
  });

  it('counts what runs and waits, and how long the oldest has waited', async () => {
    const overview = await get<Overview>('/api/v1/overview');
    expect(overview.tasks).toEqual({ running: 2, queued: 2, succeededLastHour: 1, failedLastHour: 1 });
    expect(overview.oldestQueuedSeconds).toBeGreaterThanOrEqual(90);
    expect(overview.oldestQueuedSeconds).toBeLessThan(120);
  });

  it('gives sixty minutes of throughput, the last one being this minute', async () => {
    const { throughput } = await get<Overview>('/api/v1/overview');
    expect(throughput).toHaveLength(60);
    expect(Date.now() - Date.parse(throughput.at(-1)!.at)).toBeLessThan(65_000);
    const sum = throughput.reduce((total, minute) => total + minute.succeeded + minute.failed, 0);
    expect(sum).toBe(2);
  });
});

describe('the workers', () => {
  it('are lost once three heartbeats are missed, unless they said goodbye', async () => {
    const workers = await get<WorkerView[]>('/api/v1/workers');
    const status = Object.fromEntries(workers.map((worker) => [worker.workerId, worker.status]));
    expect(status).toEqual({
      'w-1': 'online',
      'w-paused': 'paused',
      'w-draining': 'draining',
      'w-lost': 'lost',
      'w-stopped': 'stopped',
    });
  });

  it('carry what they run now, with its wait', async () => {
    const worker = await get<WorkerView>('/api/v1/workers/w-1');
    expect(worker.tasks.map((task) => task.taskId).sort()).toEqual(['extract', 'load']);
    expect(worker.tasks[0]).toMatchObject({ state: 'running', workerId: 'w-1', pid: 4711, endedAt: null });
    expect(worker.tasks[0]?.waitedMs).toBeGreaterThanOrEqual(900);
    expect(worker.info).toEqual({ rssBytes: 100_000_000, cpuPercent: 12.5, eventLoopLagMs: 3, nodeVersion: 'v24.0.0', taskProcesses: 2 });
  });

  it('are found by id however long ago they lived', async () => {
    expect(await get<WorkerView>('/api/v1/workers/w-forgotten')).toMatchObject({ status: 'lost' });
  });

  it('that never lived are not found, and the answer says where to look', async () => {
    const answer = await monitor.request('GET', '/api/v1/workers/nobody');
    expect(answer.status).toBe(404);
    expect(answer.json.detail).toContain('/api/v1/workers');
  });
});

describe('the queues', () => {
  it('show first the one where work waits and nobody listens: paused and lost workers take nothing', async () => {
    const [stuck, ...others] = await get<QueueView[]>('/api/v1/queues');
    expect(stuck).toMatchObject({ queue: 'gpu', queued: 2, running: 0, consumers: 0, haltedConsumers: 1, slots: 0 });
    expect(others.map((queue) => [queue.queue, queue.running, queue.consumers, queue.slots])).toEqual([
      ['default', 1, 1, 4],
      ['etl', 1, 1, 4],
    ]);
  });
});

describe('the tasks', () => {
  const find = async (query: Record<string, string>) => {
    const page = await get<TaskPage>(`/api/v1/tasks?${new URLSearchParams(query)}`);
    return page.tasks.map((task) => task.taskId);
  };

  it('come newest first, with the error and the times of each attempt', async () => {
    const page = await get<TaskPage>('/api/v1/tasks');
    expect(page.tasks.map((task) => task.taskId)).toEqual(['load', 'extract', 'publish', 'sync', 'yesterday']);
    const failed = page.tasks.find((task) => task.taskId === 'sync');
    expect(failed).toMatchObject({ state: 'failed', tryNumber: 2, maxTries: 2, error: 'connect ECONNREFUSED' });
    expect(failed?.errorStack).toContain('at load');
    expect(Math.round(failed!.waitedMs! / 1000)).toBe(1);
    expect(Math.round(failed!.ranMs! / 1000)).toBe(1);
  });

  it('are counted for the buttons: now, or within the hour', async () => {
    const { counts } = await get<TaskPage>('/api/v1/tasks');
    expect(counts).toEqual({ queued: 2, running: 2, success: 1, failed: 1 });
  });

  it('are filtered by state, and what waits shows the oldest first', async () => {
    expect(await find({ state: 'failed' })).toEqual(['sync']);
    expect(await find({ state: 'running' })).toEqual(['load', 'extract']);
    const waiting = await get<TaskPage>('/api/v1/tasks?state=queued');
    expect(waiting.tasks.map((task) => task.waitedMs! > 60_000)).toEqual([true, false]);
  });

  it.each([
    ['a word in any id', 'crm', ['sync']],
    ['one field', 'queue:etl', ['load']],
    ['two conditions', 'dag:sales task:ex', ['extract']],
    ['a negated field', '-dag:sales', ['sync']],
    ['the text of the error in any case', 'error:econnrefused', ['sync']],
    ['a percent sign that means itself', 'dag:100%', ['sync']],
    ['a comparison', 'try:>1', ['sync']],
    ['a duration', 'time:>5m', []],
  ])('are searched by %s', async (_name, search, expected) => {
    expect(await find({ search })).toEqual(expected);
  });

  it('are paged, and the page says whether there is more', async () => {
    const first = await get<TaskPage>('/api/v1/tasks?limit=3');
    const second = await get<TaskPage>('/api/v1/tasks?limit=3&offset=3');
    expect([first.tasks.length, first.hasMore, second.tasks.length, second.hasMore]).toEqual([3, true, 2, false]);
  });

  it('refuse a search they cannot understand with the word that was probably meant', async () => {
    const answer = await monitor.request('GET', '/api/v1/tasks?search=dga:x');
    expect(answer.status).toBe(400);
    expect(answer.json.detail).toContain('Did you mean dag:?');
  });
});

describe('other readers', () => {
  it('Prometheus finds each worker and queue', async () => {
    const { text } = await monitor.request('GET', '/metrics', { role: null });
    expect(text).toContain('worker_up{worker="w-1"} 1\n');
    expect(text).toContain('worker_up{worker="w-lost"} 0\n');
    expect(text).toContain('worker_slots{worker="w-1",state="used"} 2\n');
    expect(text).toContain('queue_jobs{queue="gpu",state="queued"} 2\n');
    expect(text).toContain('queue_consumers{queue="gpu"} 0\n');
    expect(text).toContain('task_total{worker="w-1",state="success"} 9\n');
    expect(text).not.toContain('worker_up{worker="w-stopped"}');
  });

  it("Flower's scripts find workers, tasks and queue lengths in Flower's shapes", async () => {
    const workers = (await monitor.request('GET', '/api/workers')).json;
    expect(workers['w-1']).toMatchObject({ status: true, active_queues: [{ name: 'default' }, { name: 'etl' }] });
    const lengths = (await monitor.request('GET', '/api/queues/length')).json;
    expect(lengths.active_queues).toContainEqual({ name: 'gpu', messages: 2 });
    const tasks = Object.values((await monitor.request('GET', '/api/tasks?state=FAILURE')).json);
    expect(tasks).toMatchObject([{ name: 'crm_100%.sync', state: 'FAILURE', exception: 'connect ECONNREFUSED' }]);
  });
});
