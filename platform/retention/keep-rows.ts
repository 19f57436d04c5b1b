/** Retention of rows by itself: a pass of the schedulers. */
import type { Database } from '#platform/db/client.ts';
import { clean } from './clean.ts';
import type { KeeperDeps } from './keeper.ts';
import { cutOffs } from './policy.ts';

export interface KeepRowsDeps extends KeeperDeps {
  readonly db: Database;
}

export async function keepRows({ config, db, clock, logger }: KeepRowsDeps, signal = new AbortController().signal): Promise<void> {
  const sums = await clean({ db, before: cutOffs(config, clock.now()), logsFolder: config.logsFolder, signal });
  const deleted = Object.fromEntries(Object.entries(sums).filter(([, rows]) => rows > 0));
  if (Object.keys(deleted).length > 0) logger.info({ event: 'retention.deleted', deleted }, 'old rows were deleted');
}
