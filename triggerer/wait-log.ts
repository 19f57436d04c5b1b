/** Lines about a wait, in the log of the task that waits. */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LogLevel } from '#core/task-protocol.ts';
import { END_FIELD, formatLogLine } from '#platform/logs/log-line.ts';
import { logPath } from '#platform/logs/log-path.ts';
import type { TriggererDeps } from './deps.ts';
import type { HeldWaiter } from './held-waiter.ts';

/** Never rejects: a log folder that is away ends no wait. `ended`: nothing follows in this try. */
export async function writeWaitLog(deps: TriggererDeps, waiter: HeldWaiter, level: LogLevel, text: string, ended = false): Promise<void> {
  try {
    const path = logPath(deps.config.logsFolder, waiter);
    const line = formatLogLine({
      timestamp: new Date(deps.clock.now()).toISOString(),
      level,
      source: 'system',
      event: deps.masker.mask(text),
      fields: { waits_for: deps.masker.mask(waiter.words), ...(ended ? { [END_FIELD]: true } : {}) },
    });
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, line, { mode: 0o640 });
  } catch (error) {
    deps.logger.warn(
      { event: 'wait_log.write_failed', err: (error as Error).message },
      'a line about a wait could not be written to the log of its task',
    );
  }
}
