/** What BullMQ alone does on the same Redis: jobs a second from add to processor, and the latency of a single one. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { percentile } from '../harness/statistics.ts';

const CONSUMER = fileURLToPath(new URL('bullmq-consumer.ts', import.meta.url));
const ADD_BULK = 500;

export interface RawBullmq {
  /** One job per task. */
  readonly jobsPerSecond: number;
  /** Fifty tasks per job. */
  readonly chunkedTasksPerSecond: number;
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
}

export async function measureBullmq(redisUrl: string, tasks: number): Promise<RawBullmq> {
  const name = `raw-${process.pid}`;
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue(name, { connection, defaultJobOptions: { attempts: 1, removeOnComplete: true } });
  const consumer = fork(CONSUMER, [redisUrl, name, '50']);
  try {
    await heard(consumer, 'ready');
    await burst(queue, consumer, tasks, 1); // warm-up
    const jobsPerSecond = await burst(queue, consumer, tasks, 1);
    const chunkedTasksPerSecond = await burst(queue, consumer, tasks, 50);
    const latencies: number[] = [];
    for (let index = 0; index < 200; index++) {
      const arrived = heard<{ ms: number }>(consumer, 'latency');
      await queue.add('one', { sentAtMs: performance.timeOrigin + performance.now(), count: 0, total: -1 });
      latencies.push((await arrived).ms);
    }
    return {
      jobsPerSecond,
      chunkedTasksPerSecond,
      latencyP50Ms: percentile(latencies, 0.5),
      latencyP99Ms: percentile(latencies, 0.99),
    };
  } finally {
    consumer.kill();
    await queue.obliterate({ force: true });
    await queue.close();
    connection.disconnect();
  }
}

/** Tasks a second from the first add to the last processor. */
async function burst(queue: Queue, consumer: ChildProcess, tasks: number, chunk: number): Promise<number> {
  const done = heard<{ atMs: number }>(consumer, 'done');
  const startedAtMs = performance.timeOrigin + performance.now();
  const jobs = Array.from({ length: Math.ceil(tasks / chunk) }, (_, index) => ({
    name: 'many',
    data: { sentAtMs: 0, count: Math.min(chunk, tasks - index * chunk), total: tasks },
  }));
  for (let start = 0; start < jobs.length; start += ADD_BULK) await queue.addBulk(jobs.slice(start, start + ADD_BULK));
  return tasks / (((await done).atMs - startedAtMs) / 1000);
}

function heard<T>(child: ChildProcess, type: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the bare consumer ended with code ${code}`));
    const hear = (message: { type?: string }) => {
      if (message.type !== type) return;
      child.off('message', hear);
      child.off('exit', ended);
      resolve(message as T);
    };
    child.on('message', hear);
    child.once('exit', ended);
  });
}
