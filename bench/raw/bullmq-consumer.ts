/** The other end of `raw/bullmq.ts`: a bare BullMQ worker in a process of its own that reports each job's arrival. */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [url = '', queue = '', concurrency = '1'] = process.argv.slice(2);
const connection = new Redis(url, { maxRetriesPerRequest: null });
let seen = 0;
const worker = new Worker(
  queue,
  async (job) => {
    const { sentAtMs, count, total } = job.data as { sentAtMs: number; count: number; total: number };
    seen += count;
    if (sentAtMs > 0) process.send?.({ type: 'latency', ms: performance.timeOrigin + performance.now() - sentAtMs });
    if (seen === total) {
      seen = 0;
      process.send?.({ type: 'done', atMs: performance.timeOrigin + performance.now() });
    }
  },
  { connection, concurrency: Number(concurrency), removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } },
);
await worker.waitUntilReady();
process.send?.({ type: 'ready' });
process.once('disconnect', () => process.exit(0));
