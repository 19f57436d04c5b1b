/** GET /metrics: Prometheus text. Few labels: one series a worker or queue, never one a task. */
import type { FastifyInstance } from 'fastify';
import type { Overview, QueueView, WorkerView } from '../api/types.ts';
import type { MonitorReads } from '../reads/monitor-reads.ts';

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | undefined | null;
}

interface Seen {
  readonly workers: readonly WorkerView[];
  readonly queues: readonly QueueView[];
  readonly overview: Overview;
}

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: (seen: Seen) => readonly Sample[];
}

const perWorker = (of: (worker: WorkerView) => number | undefined) => (seen: Seen) =>
  seen.workers
    .filter((worker) => worker.status !== 'stopped')
    .map((worker) => ({ labels: { worker: worker.workerId }, value: of(worker) }));

const perQueue = (of: (queue: QueueView) => number | null) => (seen: Seen) =>
  seen.queues.map((queue) => ({ labels: { queue: queue.queue }, value: of(queue) }));

const perThousand = (value: number | undefined) => (value === undefined ? undefined : Math.round(value * 1000) / 1_000_000);

const METRICS: readonly Metric[] = [
  {
    name: 'worker_up',
    type: 'gauge',
    help: '1 while the worker sends heartbeats, 0 when it is lost.',
    samples: perWorker((w) => (w.status === 'lost' ? 0 : 1)),
  },
  {
    name: 'worker_slots',
    type: 'gauge',
    help: 'Task slots of the worker, by whether they are used.',
    samples: (seen) =>
      seen.workers
        .filter((worker) => worker.status !== 'stopped' && worker.status !== 'lost')
        .flatMap((worker) => [
          { labels: { worker: worker.workerId, state: 'used' }, value: worker.tasks.length },
          { labels: { worker: worker.workerId, state: 'free' }, value: Math.max(0, worker.slots - worker.tasks.length) },
        ]),
  },
  {
    name: 'worker_heartbeat_age_seconds',
    type: 'gauge',
    help: 'Seconds since the last heartbeat.',
    samples: perWorker((w) => w.heartbeatAgeSeconds),
  },
  { name: 'worker_rss_bytes', type: 'gauge', help: 'Resident memory of the supervisor.', samples: perWorker((w) => w.info.rssBytes) },
  {
    name: 'worker_event_loop_lag_seconds',
    type: 'gauge',
    help: 'Event-loop lag of the supervisor.',
    samples: perWorker((w) => perThousand(w.info.eventLoopLagMs)),
  },
  {
    name: 'queue_jobs',
    type: 'gauge',
    help: 'Task instances by queue and state.',
    samples: (seen) =>
      seen.queues.flatMap((queue) => [
        { labels: { queue: queue.queue, state: 'queued' }, value: queue.queued },
        { labels: { queue: queue.queue, state: 'running' }, value: queue.running },
      ]),
  },
  {
    name: 'queue_oldest_seconds',
    type: 'gauge',
    help: 'How long the oldest queued instance has waited; 0 = none waits.',
    samples: perQueue((q) => q.oldestQueuedSeconds ?? 0),
  },
  { name: 'queue_consumers', type: 'gauge', help: 'Online workers that take from the queue.', samples: perQueue((q) => q.consumers) },
  {
    name: 'broker_batches',
    type: 'gauge',
    help: 'Batches in the broker that no worker fetched.',
    samples: perQueue((q) => q.brokerWaiting),
  },
  {
    name: 'task_total',
    type: 'counter',
    help: 'Attempts that ended on the worker since it started. A worker that is forgotten takes its series along.',
    samples: ({ workers }) =>
      workers.flatMap(({ workerId, processed, failed }) => [
        { labels: { worker: workerId, state: 'success' }, value: Math.max(0, processed - failed) },
        { labels: { worker: workerId, state: 'failed' }, value: failed },
      ]),
  },
  {
    name: 'process_up',
    type: 'gauge',
    help: 'Processes that send heartbeats, by kind.',
    samples: (seen) => seen.overview.processes.map((process) => ({ labels: { kind: process.kind }, value: process.online })),
  },
];

/** Writes the metrics in Prometheus' text form. */
export function renderMetrics(seen: Seen): string {
  const lines = METRICS.flatMap((metric) => {
    const samples = metric.samples(seen).filter((sample) => sample.value !== undefined && sample.value !== null);
    return [
      `# HELP ${metric.name} ${metric.help}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...samples.map((sample) => renderSample(metric.name, sample)),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function renderSample(name: string, { labels, value }: Sample): string {
  const pairs = Object.entries(labels ?? {}).map(
    ([key, text]) => `${key}="${text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))}"`,
  );
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

/** Open to this machine and to whoever is logged in. */
export function addMetricsRoute(app: FastifyInstance, reads: MonitorReads): void {
  app.get('/metrics', { config: { access: 'loopback' } }, async (_request, reply) => {
    const [workers, queues, overview] = await Promise.all([reads.workers(), reads.queues(), reads.overview()]);
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(renderMetrics({ workers, queues, overview }));
  });
}
