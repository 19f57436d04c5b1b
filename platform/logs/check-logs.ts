/** Looks whether the logs agree with what the database says of attempts: each one's last line is there, and nobody else's is. */
import { existsSync, readdirSync } from 'node:fs';
import type { Queryable } from '#platform/db/client.ts';
import type { CheckedInvariant } from '#platform/db/invariants/check-invariants.ts';
import { type LoggedAttempt, listLoggedAttempts } from '#platform/db/queries/care/list-logged-attempts.ts';
import { isLastWord } from './log-line.ts';
import { logPath } from './log-path.ts';
import { readLog } from './log-reader.ts';

const ATTEMPTS_MAX = 200;
const TAIL_BYTES = 64 * 1024;
const VIOLATIONS_MAX = 20;

export interface LogCheck {
  readonly logsFolder: string;
  readonly historyMs: number;
  /** Retention removes logs of runs that are kept. */
  readonly mayBeGone: boolean;
}

/** Null when there are no logs of runs here: another machine has them. */
export async function checkLogs(db: Queryable, { logsFolder, historyMs, mayBeGone }: LogCheck): Promise<CheckedInvariant | null> {
  const hasLogs = existsSync(logsFolder) && readdirSync(logsFolder).some((name) => name.startsWith('dag_id='));
  if (!hasLogs) return null;
  const violations: string[] = [];
  for (const attempt of await listLoggedAttempts(db, historyMs, ATTEMPTS_MAX))
    violations.push(...(await lookAt(attempt, logsFolder, mayBeGone)));
  return {
    id: 'INV-21',
    promise: 'The log of an attempt that ended says so, and holds the end of no attempt of another task.',
    next: 'Look for a disk that was full or hung, and for two installations that share one folder of logs. Else please report it.',
    violations: violations.slice(0, VIOLATIONS_MAX),
    hasMore: violations.length > VIOLATIONS_MAX,
    error: null,
  };
}

async function lookAt(attempt: LoggedAttempt, logsFolder: string, mayBeGone: boolean): Promise<readonly string[]> {
  const { attemptId, attemptIds, dagId, runId, taskId, mapIndex, tryNumber } = attempt;
  const name = `${dagId} ${runId} ${taskId}${mapIndex < 0 ? '' : `[${mapIndex}]`} try ${tryNumber}`;
  const page = await readLog(logPath(logsFolder, attempt), -TAIL_BYTES, TAIL_BYTES);
  if (!page.exists) return mayBeGone || attempt.mayBeSilent ? [] : [`${name}: the log of attempt ${attemptId} is missing`];
  const ends = page.lines.filter(isLastWord).map((line) => String(line.fields['attempt_id']));
  const strangers = ends.filter((id) => !attemptIds.includes(id));
  return [
    ...(ends.filter((id) => id === attemptId).length === 1 ? [] : [`${name}: the end of attempt ${attemptId} is not in its log`]),
    ...strangers.map((id) => `${name}: its log holds the end of attempt ${id}, which is not one of the task's`),
  ];
}
