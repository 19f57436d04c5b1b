/** What an attempt needs of its worker. */
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import type { BodyReads } from '../body-reads.ts';
import type { BundleCache } from '../bundle-cache.ts';
import type { Commits } from '../commits.ts';
import type { LeaseKeeper } from '../lease-keeper.ts';
import type { Linger } from '../linger.ts';
import type { ScratchFolders } from '../scratch-folders.ts';
import type { TaskProcessPool } from '../task-process-pool.ts';
import type { VersionCache } from '../version-cache.ts';
import type { RequestDeps } from './requests.ts';

export interface AttemptDeps {
  readonly workerId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly commits: Commits;
  readonly linger: Linger;
  readonly reads: BodyReads;
  readonly keeper: LeaseKeeper;
  readonly pool: TaskProcessPool;
  readonly versions: VersionCache;
  readonly bundles: BundleCache;
  readonly scratch: ScratchFolders;
  readonly requests: RequestDeps;
  readonly logsFolder: string;
  readonly logMaxBytes: number;
  /** The longest list to map over. */
  readonly mapLengthMax: number;
  /** Whether first rows of what is written to assets may leave this machine. */
  readonly assetPreviews: boolean;
  /** Heap limit of a task process. */
  readonly memoryMb: number;
  /** Processes one attempt may have running. */
  readonly processesMax: number;
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number;
  /** Cap of every backoff. */
  readonly maxRetryDelayMs: number;
  /** Callbacks wait to be called. */
  readonly onCallbacks: () => void;
  /** Of the web server, for links. */
  readonly baseUrl: string;
}
