/** Looks at everything that could grow, again and again, from outside: /proc, Postgres, Redis, the folders. */
import { readdirSync, readFileSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { processStart } from '#platform/embedded/process-identity.ts';
import type { Cluster } from '../harness/cluster.ts';
import { type MetricKind, megabytes } from './metrics.ts';
import type { SaidMemory } from './say-memory.ts';
import type { Sample } from './trend.ts';

/** A pool closes what nobody has used for a minute (platform/db/client.ts): what is idle for longer is kept by somebody, or forgotten. */
const UNUSED_AFTER = '90 seconds';

export interface Watched {
  readonly cluster: Cluster;
  readonly redis: Redis;
  /** Name -> pid. */
  readonly processes: ReadonlyMap<string, number>;
  /** Name -> path. */
  readonly folders: Readonly<Record<string, string>>;
  readonly samplesFolder: string;
  readonly attemptsEnded: () => Promise<number>;
}

export class Sampler {
  readonly #watched: Watched;
  readonly #startedMs = performance.now();
  readonly series = new Map<string, Sample[]>();
  /** Task attempts that ended so far. */
  readonly #ended: Sample[] = [];

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** What was seen so far was the warm-up. */
  forget(): void {
    this.series.clear();
  }

  async sample(): Promise<void> {
    for (const [name, pid] of this.#watched.processes) {
      if (processStart(pid) === undefined)
        throw new Error(`The ${name} died; its last words are in ${this.#watched.cluster.folder}/${name}.log`);
      for (const [kind, value] of readProcess(pid, this.#watched.samplesFolder)) this.#note(kind, name, value);
    }
    this.#ended.push({ atMs: performance.now() - this.#startedMs, value: await this.#watched.attemptsEnded() });
    await Promise.all([this.#postgres(), this.#redis(), this.#folders()]);
  }

  /** At each sample, the attempts that ended within the time before it. */
  work(withinMs: number): readonly Sample[] {
    return this.#ended.map(({ atMs, value }) => {
      const before = this.#ended.findLast((one) => one.atMs <= atMs - withinMs) ?? (this.#ended[0] as Sample);
      return { atMs, value: value - before.value };
    });
  }

  #note(kind: MetricKind, of: string, value: number): void {
    const name = `${kind} ${of}`.trim();
    const list = this.series.get(name) ?? [];
    this.series.set(name, list);
    list.push({ atMs: performance.now() - this.#startedMs, value });
  }

  async #postgres(): Promise<void> {
    const { cluster } = this.#watched;
    const { rows } = await cluster.query<{ all: number; unused: number }>(
      `select count(*)::int as all, count(*) filter (where state_change < clock_timestamp() - interval '${UNUSED_AFTER}')::int as unused
         from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`,
    );
    this.#note('connections', '', rows[0]?.all ?? 0);
    this.#note('unused', 'connections', rows[0]?.unused ?? 0);
    const { rows: tables } = await cluster.query<{ name: string; live: number; bytes: number }>(
      `select relname as name, n_live_tup::int as live, pg_total_relation_size(relid) as bytes from pg_stat_user_tables where schemaname = 'public'`,
    );
    for (const { name, live, bytes } of tables) {
      this.#note('rows', name, live);
      this.#note('table', name, megabytes(bytes));
    }
  }

  async #redis(): Promise<void> {
    const { redis } = this.#watched;
    this.#note('redis', 'memory', megabytes(Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])));
    this.#note('keys', '', await redis.dbsize());
  }

  async #folders(): Promise<void> {
    for (const [name, path] of Object.entries(this.#watched.folders)) {
      const { bytes, files } = await sizeOf(path);
      this.#note('folder', name, megabytes(bytes));
      this.#note('files', name, files);
    }
  }
}

/** What the kernel and the process itself say of one process. */
export function readProcess(pid: number, samplesFolder: string): readonly (readonly [MetricKind, number])[] {
  const said = readSaid(join(samplesFolder, `${pid}.json`));
  const children = childrenOf(pid);
  return [
    ['rss', residentMb(pid)],
    ['below', children.reduce((sum, child) => sum + residentMb(child), 0)],
    ['fds', readdirSync(`/proc/${pid}/fd`).length],
    ['children', children.length],
    ...(said === null
      ? []
      : ([
          ['heap', said.heapMb],
          ['external', said.externalMb],
          ['handles', said.handles],
        ] as const)),
  ];
}

function readSaid(path: string): SaidMemory | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SaidMemory;
  } catch {
    return null; // has said nothing yet
  }
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** 0 for one that has just ended. */
function residentMb(pid: number): number {
  try {
    return megabytes(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024);
  } catch {
    return 0;
  }
}

async function sizeOf(path: string): Promise<{ bytes: number; files: number }> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return { bytes: 0, files: 0 };
  if (!found.isDirectory()) return { bytes: found.size, files: 1 };
  const sum = { bytes: 0, files: 1 };
  for (const name of await readdir(path).catch(() => [])) {
    const inside = await sizeOf(join(path, name));
    sum.bytes += inside.bytes;
    sum.files += inside.files;
  }
  return sum;
}
