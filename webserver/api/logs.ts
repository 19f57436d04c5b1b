/** GET …/logs/{try_number}: the log of one try, as JSON pages or as an NDJSON stream, by the Accept header. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { isFinished } from '#core/states.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import type { LogLine } from '#platform/logs/log-line.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { readLog } from '#platform/logs/log-reader.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { requireTaskInstance } from './lookups.ts';
import { tryPath } from './path-ids.ts';
import { keyOf } from './task-instances.ts';

const PAGE_BYTES = 1024 * 1024;

const logQuery = z.object({
  full_content: z
    .enum(['true', 'false', 'True', 'False', '1', '0'])
    .transform((text) => /^(true|1)$/i.test(text))
    .default(false),
  map_index: integer.default(-1),
  token: z.string().max(200).nullish(),
});

export function logRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/logs/:try_number',
      permission: 'viewer',
      summary: 'The log of one try.',
      response: runAnswers.taskLog,
      alternatives: { 'application/x-ndjson': 'One line of the log per line, as it is written.' },
      params: tryPath,
      query: logQuery,
      async handle({ db, params, query, request, reply }) {
        const instance = await requireTaskInstance(db, keyOf(params, query.map_index));
        const path = logPathOfTry(deps, instance, params.try_number);
        if (/application\/x-ndjson/.test(request.headers.accept ?? '')) {
          reply.type('application/x-ndjson');
          return reply.send(Readable.from(ndjson(path)));
        }
        return jsonPage(path, instance, params.try_number, {
          offset: query.token ? offsetOf(query.token) : 0,
          isWhole: query.full_content,
        });
      },
    }),
  ];
}

/** Path of a try's log. Throws LOG_NOT_FOUND when that try has not begun. */
export function logPathOfTry(deps: WebDeps, instance: TaskInstanceRow, tryNumber: number): string {
  if (tryNumber > instance.try_number || tryNumber < 1)
    throw new AppError(
      'LOG_NOT_FOUND',
      instance.try_number === 0
        ? `The task instance ${instance.task_id} has not started yet, so it has no log. Its state is ${instance.state}.`
        : `There is no try ${tryNumber} of ${instance.task_id}. Its tries are 1 to ${instance.try_number}.`,
    );
  return logPath(deps.config.logsFolder, {
    dagId: instance.dag_id,
    runId: instance.run_id,
    taskId: instance.task_id,
    mapIndex: instance.map_index,
    tryNumber,
  });
}

/** True when nothing more will be written to this try's log by a live attempt. */
export function isTryOver(instance: TaskInstanceRow, tryNumber: number): boolean {
  return tryNumber < instance.try_number || isFinished(instance.state) || instance.state === 'up_for_retry';
}

async function jsonPage(path: string, instance: TaskInstanceRow, tryNumber: number, page: { offset: number; isWhole: boolean }) {
  const isOver = isTryOver(instance, tryNumber);
  const content: object[] = [];
  let offset = page.offset;
  for (;;) {
    const read = await readLog(path, offset, PAGE_BYTES);
    content.push(...read.lines.map(messageShape));
    const hasMore = !read.ended && read.nextOffset > offset;
    offset = read.nextOffset;
    if (!read.exists && page.offset === 0) content.push(missingMessage(tryNumber, isOver, instance.state));
    if (page.isWhole && hasMore) continue;
    const isEnd = read.ended || (isOver && !hasMore);
    return { content, continuation_token: isEnd ? null : tokenOf(offset) };
  }
}

async function* ndjson(path: string): AsyncGenerator<string> {
  for (let offset = 0; ; ) {
    const read = await readLog(path, offset, PAGE_BYTES);
    if (read.lines.length > 0) yield `${read.lines.map((line) => JSON.stringify(messageShape(line))).join('\n')}\n`;
    if (read.ended || read.nextOffset === offset) return;
    offset = read.nextOffset;
  }
}

/** Airflow's StructuredLogMessage; fields of the task's own come after ours. */
function messageShape(line: LogLine): object {
  return {
    ...(line.timestamp !== null && { timestamp: line.timestamp }),
    event: line.event,
    level: line.level,
    source: line.source,
    ...line.fields,
  };
}

function missingMessage(tryNumber: number, isOver: boolean, state: string): object {
  const event = isOver
    ? state === 'success'
      ? `Try ${tryNumber} said nothing, so it left no log. If it should have said something: workers and web server must share WINDLASS_LOGS_FOLDER.`
      : `The log of try ${tryNumber} is not in this web server's logs folder. Workers and web server must share WINDLASS_LOGS_FOLDER.`
    : `Try ${tryNumber} has not written anything yet.`;
  return { event, level: 'info', source: 'system' };
}

/** The token is only a byte offset into a log the caller may read anyway, so it needs no signature. */
function tokenOf(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString('base64url');
}

function offsetOf(token: string): number {
  const match = /^offset:(\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString());
  if (match === null)
    throw new AppError('BAD_REQUEST', 'The token is not valid. Use the continuation_token of the previous answer, or none.');
  return Number(match[1]);
}
