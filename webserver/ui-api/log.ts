/** GET …/tasks/{taskId}/log and …/log/stream: one try's log by bytes, or live. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { isFinished } from '#core/states.ts';
import type { TaskInstanceKey } from '#platform/db/queries/api/find-task-instance.ts';
import { findTaskInstance } from '#platform/db/queries/api/find-task-instance.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import type { LogLine } from '#platform/logs/log-line.ts';
import { followLog, type LogPage, readLog } from '#platform/logs/log-reader.ts';
import { isTryOver, logPathOfTry } from '../api/logs.ts';
import { requireTaskInstance } from '../api/lookups.ts';
import { instancePath } from '../api/path-ids.ts';
import { keyOf } from '../api/task-instances.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import { openSse, type SseStream } from '../streams/sse.ts';
import { sessionCheck } from './stream.ts';
import type { UiLogLine, UiLogPage } from './types.ts';

const PAGE_BYTES = 512 * 1024;
/** How often the instance's state is read while its log is followed. */
const STATE_CHECK_MS = 1_000;
/** Lines that were on their way when the attempt ended. */
const LAST_LINES_MS = 300;

const logQuery = z.object({ map_index: integer.default(-1), try: integer.default(1), offset: integer.default(0) });

/** Each looks at its file several times a second. */
export const LOG_STREAMS_MAX = 200;

export function logPageRoutes(deps: WebDeps): readonly Route[] {
  let open = 0;
  const base = '/ui/api/dags/:dag_id/runs/:dag_run_id/tasks/:task_id/log';
  return [
    route({
      method: 'GET',
      url: base,
      permission: 'viewer',
      summary: "A page of a try's log.",
      params: instancePath,
      query: logQuery,
      async handle({ db, params, query }): Promise<UiLogPage> {
        const instance = await requireTaskInstance(db, keyOf(params, query.map_index));
        if (!hasBegun(instance, query.try)) return { lines: [], nextOffset: 0, ended: isFinished(instance.state) };
        const page = await readLog(logPathOfTry(deps, instance, query.try), Math.max(0, query.offset), PAGE_BYTES);
        const isAtEnd = page.lines.length === 0;
        return { ...uiLogPage(page), ended: page.ended || (isAtEnd && isTryOver(instance, query.try)) };
      },
    }),
    route({
      method: 'GET',
      url: `${base}/stream`,
      permission: 'viewer',
      summary: "Server-sent events: a try's log as it is written.",
      params: instancePath,
      query: logQuery,
      async handle({ db, params, query, request, reply }) {
        const key = keyOf(params, query.map_index);
        await requireTaskInstance(db, key);
        if (open >= LOG_STREAMS_MAX)
          throw new AppError(
            'TOO_MANY_REQUESTS',
            `This web server follows ${LOG_STREAMS_MAX} logs already. Close some pages, or start another web server.`,
          );
        open += 1;
        const stream = openSse(reply, { clock: deps.clock, isStillAllowed: sessionCheck(deps, request) });
        stream.signal.addEventListener('abort', () => {
          open -= 1;
        });
        follow(deps, stream, { key, tryNumber: query.try, offset: Math.max(0, query.offset) }).catch((err: unknown) => {
          request.log.warn({ event: 'log_stream.failed', request_id: request.id, err }, 'a log stream failed; the page opens it again');
          stream.close();
        });
        return undefined;
      },
    }),
  ];
}

interface Followed {
  readonly key: TaskInstanceKey;
  readonly tryNumber: number;
  readonly offset: number;
}

/** Sends lines until the try's end line, or until the try is over without one (its worker died). */
async function follow(deps: WebDeps, stream: SseStream, followed: Followed): Promise<void> {
  const instance = await untilBegun(deps, stream, followed);
  if (instance === null) return end(stream);
  const path = logPathOfTry(deps, instance, followed.tryNumber);
  const over = new AbortController();
  void abortWhenOver(deps, stream, followed, over);
  let { offset } = followed;
  let hasEnded = false;
  const signal = AbortSignal.any([stream.signal, over.signal]);
  for await (const page of followLog(path, { offset, maxBytes: PAGE_BYTES, signal, clock: deps.clock })) {
    offset = page.nextOffset;
    hasEnded = page.ended;
    stream.send('lines', uiLogPage(page));
  }
  over.abort();
  while (!hasEnded && !stream.signal.aborted) {
    const page = await readLog(path, offset, PAGE_BYTES);
    if (page.lines.length === 0) break;
    offset = page.nextOffset;
    stream.send('lines', uiLogPage(page));
  }
  end(stream);
}

function end(stream: SseStream): void {
  stream.send('end', {});
  stream.close();
}

/** Waits for the try to begin; null when it never will or the reader left. */
async function untilBegun(deps: WebDeps, stream: SseStream, { key, tryNumber }: Followed): Promise<TaskInstanceRow | null> {
  while (!stream.signal.aborted) {
    const instance = await findTaskInstance(deps.db, key);
    if (instance === null) return null;
    if (hasBegun(instance, tryNumber)) return instance;
    if (isFinished(instance.state)) return null;
    await deps.clock.sleep(STATE_CHECK_MS / 2, stream.signal);
  }
  return null;
}

async function abortWhenOver(deps: WebDeps, stream: SseStream, { key, tryNumber }: Followed, over: AbortController): Promise<void> {
  while (!stream.signal.aborted && !over.signal.aborted) {
    // An unanswered question is asked again: the log itself needs no database.
    const instance = await findTaskInstance(deps.db, key).catch(() => undefined);
    if (instance === null || (instance && isTryOver(instance, tryNumber))) {
      await deps.clock.sleep(LAST_LINES_MS, stream.signal);
      over.abort();
      return;
    }
    await deps.clock.sleep(STATE_CHECK_MS, AbortSignal.any([stream.signal, over.signal]));
  }
}

function hasBegun(instance: TaskInstanceRow, tryNumber: number): boolean {
  return tryNumber >= 1 && tryNumber <= instance.try_number;
}

function uiLogPage(page: LogPage): UiLogPage {
  return { lines: page.lines.map(uiLogLine), nextOffset: page.nextOffset, ended: page.ended };
}

function uiLogLine(line: LogLine): UiLogLine {
  const { timestamp, level, source, event, fields } = line;
  return { timestamp, level, source, message: event, ...(Object.keys(fields).length > 0 && { fields }) };
}
