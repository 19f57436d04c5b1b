/** What a soak is played on: servers and processes of its own with retention at a high rate, and a sampler that watches them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Cluster, type Role } from '../harness/cluster.ts';
import { startServers } from '../harness/servers.ts';
import { STEADY_DAG, WAITING_DAG } from './load.ts';
import { Sampler } from './sampler.ts';

const DAY_MS = 86_400_000;
const ROLES = ['scheduler', 'worker', 'triggerer', 'webserver', 'monitor'] as const satisfies readonly Role[];
const KEPT = ['RUNS', 'AUDIT', 'VERSIONS', 'ASSET_EVENTS', 'EVENTS', 'LOGS', 'SCRATCH', 'LEFTOVERS'];

export interface Stage {
  readonly cluster: Cluster;
  readonly sampler: Sampler;
  readonly folder: string;
  /** Starts one process of each role; a role may have a leak planted: `heap:1` is one MB a minute. */
  startRoles(plants: ReadonlyMap<Role, string>): Promise<{ readonly webUrl: string; readonly monitorUrl: string }>;
  /** As the worker counts them: rows of attempts go with retention. */
  readonly attemptsEnded: () => Promise<number>;
  /** `clear`: nobody needs its logs any more. */
  close(clear: boolean): Promise<void>;
}

/** `keptMs`: how long everything is kept that has an end. */
export async function openStage({ keptMs, sampleEveryMs }: { readonly keptMs: number; readonly sampleEveryMs: number }): Promise<Stage> {
  const servers = await startServers();
  const samplesFolder = join(servers.folder, 'samples');
  const temporary = join(servers.folder, 'tmp');
  for (const folder of [samplesFolder, temporary]) mkdirSync(folder);
  const cluster = await Cluster.open(servers, {
    name: 'soak',
    dags: { 'steady.ts': STEADY_DAG, 'waiting.ts': WAITING_DAG },
    environment: {
      ...Object.fromEntries(KEPT.map((name) => [`WINDLASS_RETENTION_${name}_DAYS`, (keptMs / DAY_MS).toFixed(9)])),
      TMPDIR: temporary,
      WINDLASS_SERVICE_HEARTBEAT_MS: '1000',
      WINDLASS_SESSION_TTL_MINUTES: '1',
      NODE_OPTIONS: `--import ${new URL('./say-memory.ts', import.meta.url).href}`,
      SOAK_SAMPLES_FOLDER: samplesFolder,
      SOAK_SAMPLE_EVERY_MS: String(sampleEveryMs),
    },
  });
  const redis = new Redis(servers.redisUrl);
  const attemptsEnded = async () => {
    const { rows } = await cluster.query<{ n: number }>(`select coalesce(max(processed), 0)::int as n from service where kind = 'worker'`);
    return rows[0]?.n ?? 0;
  };
  const processes = new Map<string, number>();
  const folders = { logs: join(cluster.folder, 'logs'), scratch: join(cluster.folder, 'scratch'), temporary };
  return {
    cluster,
    folder: servers.folder,
    attemptsEnded,
    sampler: new Sampler({ cluster, redis, processes, folders, samplesFolder, attemptsEnded }),
    async startRoles(plants) {
      const urls = { webUrl: '', monitorUrl: '' };
      for (const role of ROLES) {
        const plant = plants.get(role);
        const { child, url } = await cluster.start(role, plant === undefined ? {} : { SOAK_PLANT: plant });
        processes.set(role, child.pid as number);
        if (role === 'webserver') urls.webUrl = url;
        if (role === 'monitor') urls.monitorUrl = url;
      }
      return urls;
    },
    async close(clear) {
      redis.disconnect();
      await cluster.stop();
      if (clear) await servers.stop();
    },
  };
}
