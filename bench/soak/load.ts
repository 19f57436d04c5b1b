/** A steady load on everything a Windlass does: runs, retries, deferrals, lists, files, logs, edited DAGs, scripts, open pages. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import type { Cluster } from '../harness/cluster.ts';
import { ADMIN_PASSWORD } from '../harness/cluster.ts';

/** Small, and of every kind: a list, one instance for each element, a try that fails, a wait, files, logs, an event of an asset. */
export const STEADY_DAG = `import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asset, dag, waitFor } from 'windlass';
const made = asset('made');
export default dag('steady', { maxActiveRuns: 50, isPausedUponCreation: false }, ({ task, map, sensor }) => {
  const list = task('list', () => ['a', 'b', 'c']);
  const each = map('each', list, async (item, ctx) => {
    ctx.log.info('an element', { item });
    console.log('x'.repeat(2_000));
    await mkdir(ctx.scratch, { recursive: true });
    await appendFile(join(ctx.scratch, 'elements.txt'), item.repeat(1_000));
    return item.repeat(500);
  });
  const flaky = task('flaky', (ctx) => {
    if (ctx.task.attempt === 1) throw new Error('the first try fails');
    return ctx.xcom.push('more', 'y'.repeat(1_000));
  }, { retries: 2, retryDelay: '200ms' });
  const pause = sensor('pause', waitFor('1s'));
  task('sum', { each }, ({ each }) => each.length, { outlets: [made], after: [flaky, pause] });
});
`;

/** Runs by the events of the other one. */
export const WAITING_DAG = `import { asset, dag } from 'windlass';
export default dag('waiting', { schedule: [asset('made')], isPausedUponCreation: false }, ({ task }) => void task('only', () => 1));
`;

/** Saved again and again; a run now and then keeps a version in use. */
const editedDag = (n: number) => `import { dag } from 'windlass';
export default dag('edited', { isPausedUponCreation: false }, ({ task }) => void task('n${n % 7}', () => ${n}));
`;

export interface LoadOptions {
  readonly cluster: Cluster;
  readonly webUrl: string;
  readonly monitorUrl: string;
  readonly runEveryMs: number;
  /** So many runs are unfinished at once, at most: a machine that is slower does less, and nothing piles up for that. */
  readonly openRunsMax: number;
  readonly editEveryMs: number;
}

export interface LoadCounts {
  runs: number;
  edits: number;
  requests: number;
  streams: number;
  failures: number;
  /** The first few, in words. */
  readonly failed: string[];
}

const FAILURES_SHOWN = 5;
const PAGES = [
  '/api/v2/dags?limit=50',
  '/api/v2/dags/steady/dagRuns?limit=20&order_by=-run_after',
  '/api/v2/monitor/health',
  '/api/v2/pools',
  '/ui/api/home',
  '/ui/api/dags',
  '/ui/api/dags/steady/grid',
];
const MONITOR_PAGES = ['/api/v1/workers', '/api/v1/queues', '/api/v1/overview'];

export class Load {
  readonly #options: LoadOptions;
  readonly #stopping = new AbortController();
  readonly counts: LoadCounts = { runs: 0, edits: 0, requests: 0, streams: 0, failures: 0, failed: [] };
  #parts: readonly Promise<void>[] = [];
  #token = '';

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#logIn();
    const { runEveryMs, editEveryMs } = this.#options;
    this.#parts = [
      this.#repeat(runEveryMs, () => this.#triggerRun()),
      this.#repeat(editEveryMs, () => this.#edit()),
      this.#repeat(500, () => this.#look()),
      this.#repeat(5_000, () => this.#logIn()),
      this.#repeat(400, () => this.#watch(`${this.#options.webUrl}/ui/api/stream`)),
      this.#repeat(900, () => this.#watch(`${this.#options.monitorUrl}/api/v1/stream`)),
    ];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#parts);
  }

  async #repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await work().catch((error: Error) => {
        if (signal.aborted) return;
        this.counts.failures += 1;
        if (this.counts.failed.length < FAILURES_SHOWN) this.counts.failed.push(error.message);
      });
      await systemClock.sleep(everyMs, signal);
    }
  }

  async #request(url: string, init: RequestInit = {}): Promise<Response> {
    this.counts.requests += 1;
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
    const response = await fetch(url, { ...init, headers, signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(20_000)]) });
    if (!response.ok)
      throw new Error(`${init.method ?? 'GET'} ${url} answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
    return response;
  }

  async #logIn(): Promise<void> {
    const body = JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD });
    const answer = (await (await this.#request(`${this.#options.webUrl}/auth/token`, { method: 'POST', body })).json()) as {
      access_token: string;
    };
    this.#token = answer.access_token;
  }

  async #triggerRun(): Promise<void> {
    const { webUrl, cluster, openRunsMax } = this.#options;
    const { rows } = await cluster.query<{ n: number }>('select count(*)::int as n from dag_run where ended_at is null');
    if ((rows[0]?.n ?? 0) >= openRunsMax) return;
    const dagId = this.counts.runs % 20 === 19 ? 'edited' : 'steady';
    await this.#request(`${webUrl}/api/v2/dags/${dagId}/dagRuns`, { method: 'POST', body: JSON.stringify({ logical_date: null }) });
    this.counts.runs += 1;
  }

  async #edit(): Promise<void> {
    writeFileSync(join(this.#options.cluster.folder, 'dags', 'edited.ts'), editedDag(this.counts.edits));
    this.counts.edits += 1;
  }

  /** A few pages, and the newest log. */
  async #look(): Promise<void> {
    const { webUrl, monitorUrl } = this.#options;
    for (const path of PAGES) await (await this.#request(webUrl + path)).arrayBuffer();
    for (const path of MONITOR_PAGES) await (await this.#request(monitorUrl + path)).arrayBuffer();
  }

  /** A page that is opened, hears a little, and is closed without a word. */
  async #watch(url: string): Promise<void> {
    const response = await this.#request(url);
    this.counts.streams += 1;
    const reader = response.body?.getReader();
    await reader?.read();
    void systemClock.sleep(1_500, this.#stopping.signal).then(() => reader?.cancel().catch(() => {}));
  }
}
