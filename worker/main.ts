/** Puts a worker together from its parts and starts it. */
import { hostname as readHostname } from 'node:os';
import { SPEC_LIMITS } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import type { Broker } from '#platform/broker/broker.ts';
import type { LeasesChanged, WorkerControl } from '#platform/broker/messages.ts';
import { type Clock, newSecret } from '#platform/clock.ts';
import { agreedSettings } from '#platform/config/agreed-settings.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { loadBundle } from '#platform/db/queries/load-bundle.ts';
import { loadVersions } from '#platform/db/queries/load-version.ts';
import { loadSdkBundle } from '#platform/db/queries/sdk-bundles.ts';
import { canTraverse } from '#platform/embedded/unprivileged-user.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import { baseUrlOf } from '#platform/links.ts';
import type { Logger } from '#platform/logger.ts';
import { Masker } from '#platform/mask.ts';
import { keepFolders } from '#platform/retention/keep-folders.ts';
import { Keeper } from '#platform/retention/keeper.ts';
import { cachesKeptMs } from '#platform/retention/policy.ts';
import { SecretPlugins } from '#platform/secrets/secret-plugins.ts';
import { openSecretStore, type SecretStore } from '#platform/secrets/secret-store.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { openXcomBackend } from '#platform/xcom/backend.ts';
import { LargeValues } from '#platform/xcom/large-values.ts';
import { BodyReads } from './body-reads.ts';
import { BundleCache } from './bundle-cache.ts';
import { CallbackRunner } from './callbacks/callback-runner.ts';
import { Commits } from './commits.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { Linger } from './linger.ts';
import { ScratchFolders } from './scratch-folders.ts';
import type { AttemptDeps } from './supervisor/attempt-deps.ts';
import { FrameStore } from './supervisor/frame-store.ts';
import { TaskProcessPool } from './task-process-pool.ts';
import { VersionCache } from './version-cache.ts';
import { Worker } from './worker.ts';

export interface WorkerDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: the environment, then plugins, then the database. */
  readonly secrets?: SecretStore;
}

export interface RunningWorker {
  readonly workerId: string;
  /** Lets tasks finish for `workerDrainMs`, hands back the rest, and resolves when nothing runs any more. Idempotent. */
  stop(): Promise<void>;
  /** Claims nothing more; resolves when all its tasks have ended, however long they take. */
  retire(): Promise<void>;
  /** Resolves when the worker has stopped, by `stop` or because an operator asked for it. */
  readonly stopped: Promise<void>;
}

const QUIET_MS = 30_000;
const MB = 1024 * 1024;

export async function startWorker(deps: WorkerDeps): Promise<RunningWorker> {
  const { config, db, broker, clock, logger } = deps;
  const hostname = readHostname();
  const workerId = `worker-${hostname.replace(/[^A-Za-z0-9.-]/g, '-')}-${newSecret(6).replace(/[^A-Za-z0-9]/g, 'x')}`;
  const log = logger.child({ worker_id: workerId });
  const stopped = Promise.withResolvers<void>();
  const plugins = new SecretPlugins({ config, db, clock, logger: log });

  const secrets = deps.secrets ?? openSecretStore({ config, db, plugins });
  const attempts = attemptDeps({ ...deps, logger: log, secrets }, { workerId, hostname, onCallbacks: () => callbacks.wake() });
  const callbacks = new CallbackRunner({
    attempts,
    db,
    broker,
    queues: config.workerQueues,
    leaseTtlMs: config.leaseTtlMs,
    leaseRenewMs: config.leaseRenewMs,
  });
  const worker = new Worker({
    attempts,
    callbacks,
    db,
    broker,
    clock,
    logger: log,
    hostname,
    version: WINDLASS_VERSION,
    settings: agreedSettings(config),
    queues: config.workerQueues,
    slots: config.workerSlots,
    heartbeatMs: config.serviceHeartbeatMs,
    drainMs: config.workerDrainMs,
    quietMs: QUIET_MS,
    onStopAsked: () => void stop(),
  });

  const folders = new Keeper('folders', keepFolders, { config, db, clock, logger: log });
  const unlisten = await broker.listen('worker_control', (message) => {
    if ((message as Partial<WorkerControl> | null)?.workerId === workerId) worker.wake();
  });
  const unlistenLeases = await broker.listen('leases_changed', (message) => {
    const ids = (message as Partial<LeasesChanged> | null)?.ids;
    attempts.keeper.lookAt(Array.isArray(ids) ? ids : null);
  });
  async function stop(): Promise<void> {
    await Promise.allSettled([unlisten(), unlistenLeases(), folders.stop()]);
    await worker.stop();
    await plugins.stop();
    stopped.resolve();
  }
  try {
    await worker.start();
    await folders.start();
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  log.info(
    { event: 'worker.started', queues: config.workerQueues, slots: config.workerSlots, broker: broker.kind },
    `worker started: ${config.workerSlots} slots on ${config.workerQueues.join(', ')}`,
  );
  return { workerId, stop, retire: () => worker.retire(), stopped: stopped.promise };
}

interface Own {
  readonly workerId: string;
  readonly hostname: string;
  readonly onCallbacks: () => void;
}

function attemptDeps(deps: WorkerDeps & Required<Pick<WorkerDeps, 'secrets'>>, { workerId, hostname, onCallbacks }: Own): AttemptDeps {
  const { config, db, broker, clock, logger } = deps;
  const { leaseTtlMs } = config;
  const backend = openXcomBackend(config);
  const xcomMaxBytes = backend === null ? config.xcomMaxBytes : config.xcomBackendMaxBytes;
  const large = new LargeValues(backend, config.xcomBackendThresholdBytes);
  const frames = new FrameStore({ backend, scratchFolder: config.scratchFolder, db });
  const uid = taskUid(config);
  const pool = new TaskProcessPool({
    process: { memoryMb: config.taskMemoryMb, openFilesMax: config.taskOpenFilesMax, uid, xcomMaxBytes },
    clock,
    logger,
    slots: config.workerSlots,
    bundlesMax: config.taskProcessDagFilesMax,
  });
  const linger = new Linger(clock, () => pool.turns.paceMs);
  return {
    workerId,
    clock,
    logger,
    commits: new Commits({ db, broker, workerId, hostname, leaseTtlMs, linger }),
    reads: new BodyReads(db),
    keeper: new LeaseKeeper({
      timing: { ttlMs: leaseTtlMs, renewMs: config.leaseRenewMs, killGraceMs: config.taskKillGraceMs },
      workerId,
      db: db.reserved,
      clock,
      logger,
    }),
    pool,
    linger,
    versions: new VersionCache((ids) => loadVersions(db, ids)),
    bundles: new BundleCache(
      { bundle: (hash) => loadBundle(db, hash), sdk: (hash) => loadSdkBundle(db, hash) },
      { clock, keptMs: cachesKeptMs(config) },
    ),
    scratch: new ScratchFolders(config.scratchFolder, uid),
    requests: { db, secrets: deps.secrets, masker: makeMasker(config), xcomMaxBytes, large, frames, runs: { db, broker, clock } },
    logsFolder: config.logsFolder,
    logMaxBytes: config.taskLogMaxMb * MB,
    assetPreviews: config.assetPreviews,
    mapLengthMax: Math.min(config.maxMapLength, SPEC_LIMITS.mappedInstances),
    memoryMb: config.taskMemoryMb,
    processesMax: config.taskProcessesMax,
    killGraceMs: config.taskKillGraceMs,
    maxRetryDelayMs: config.maxRetryDelayMs,
    onCallbacks,
    baseUrl: baseUrlOf(config),
  };
}

/** The worker's own credentials may turn up in an error's text; no log of a task shows them. */
function makeMasker(config: Config): Masker {
  const masker = new Masker();
  masker.add(config.secretKey.reveal(), config.adminPassword.reveal(), config.databaseUrl.reveal(), config.redisUrl.reveal());
  masker.add(passwordOf(config.databaseUrl.reveal()), passwordOf(config.redisUrl.reveal()));
  return masker;
}

function passwordOf(url: string): string | null {
  return URL.canParse(url) ? decodeURIComponent(new URL(url).password) : null;
}

function taskUid(config: Config): number | null {
  if (config.taskUid === '') return null;
  if (process.getuid?.() !== 0)
    throw new AppError(
      'CONFIG_INVALID',
      'WINDLASS_TASK_UID needs a worker that runs as root. Leave it empty, or start the worker as root.',
    );
  const uid = Number(config.taskUid);
  const closed = [process.execPath, INSTALLATION_FOLDER].find((path) => !canTraverse(path, { uid, gid: uid }));
  if (closed !== undefined)
    throw new AppError(
      'CONFIG_INVALID',
      `WINDLASS_TASK_UID is ${uid}, but that user may not enter the folders down to ${closed}. Move Windlass to a place that everybody may enter (/opt, say), or leave the setting empty.`,
    );
  return uid;
}
