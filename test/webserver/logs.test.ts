/** The log of a try over REST: JSON pages with a token, NDJSON by the Accept header, and no path but our own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueToken } from '#platform/auth/users.ts';
import { END_FIELD, formatLogLine } from '#platform/logs/log-line.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { until } from '#test/support/until.ts';
import { LOG_STREAMS_MAX } from '../../webserver/ui-api/log.ts';
import { aSpec, endInstance, instanceId, saveDag, startInstance } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
const at = (taskId: string, rest = '1') => `/api/v2/dags/etl/dagRuns/r1/taskInstances/${taskId}/logs/${rest}`;

beforeAll(async () => {
  web = await startHarness();
  await saveDag(web.db, aSpec('etl'));
  await web.request('POST', '/api/v2/dags/etl/dagRuns', { body: { logical_date: null, dag_run_id: 'r1' } });
  await endInstance(web.db, { dagId: 'etl', runId: 'r1', taskId: 'extract' }, 'success');
  await startInstance(web.db, await instanceId(web.db, { dagId: 'etl', runId: 'r1', taskId: 'transform' }));
  write('extract', ['a', 'b'].map((event) => line(event)).join('') + line('done', { [END_FIELD]: true }, 'system'));
  write('transform', line('working'));
});
afterAll(() => web.stop());

function line(event: string, fields = {}, source: 'task' | 'system' = 'task'): string {
  return formatLogLine({ timestamp: '2026-11-23T08:00:00.000Z', level: 'info', source, event, fields });
}

function write(taskId: string, text: string): void {
  const path = logPath(web.config.logsFolder, { dagId: 'etl', runId: 'r1', taskId, mapIndex: -1, tryNumber: 1 });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

describe('the log of a try', () => {
  it('is a list of structured messages that ends without a token', async () => {
    const { json } = await web.request('GET', at('extract'));
    expect(json.content[0]).toEqual({ timestamp: '2026-11-23T08:00:00.000Z', event: 'a', level: 'info', source: 'task' });
    expect(json.content.map((message: { event: string }) => message.event)).toEqual(['a', 'b', 'done']);
    expect(json.continuation_token).toBeNull();
  });

  it('goes on from the token while the attempt runs', async () => {
    const first = (await web.request('GET', at('transform'))).json;
    expect(first.content).toHaveLength(1);
    write('transform', line('working') + line('more'));
    const second = (await web.request('GET', at('transform', `1?token=${first.continuation_token}`))).json;
    expect(second.content.map((message: { event: string }) => message.event)).toEqual(['more']);
    expect((await web.request('GET', at('transform', '1?token=forged'))).status).toBe(400);
  });

  it('streams NDJSON when that is accepted', async () => {
    const answer = await web.request('GET', at('extract'), { headers: { accept: 'application/x-ndjson' } });
    expect(answer.headers['content-type']).toContain('application/x-ndjson');
    expect(
      answer.text
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text).event),
    ).toEqual(['a', 'b', 'done']);
  });

  it('does not exist before the try has begun, nor for tries there never were', async () => {
    const early = await web.request('GET', at('load'));
    expect([early.status, early.json.detail]).toEqual([404, expect.stringContaining('has not started yet')]);
    expect((await web.request('GET', at('extract', '7'))).status).toBe(404);
    expect((await web.request('GET', at('none'))).status).toBe(404);
  });

  it('is reached by ids only, never by paths', async () => {
    for (const id of ['..%2f..%2fetc', '%2e%2e', 'a%2fb', 'a%00']) {
      const answer = await web.request('GET', `/api/v2/dags/${id}/dagRuns/r1/taskInstances/extract/logs/1`);
      expect([id, [404, 422].includes(answer.status)]).toEqual([id, true]);
    }
  });
});

it('is followed by so many pages at once and no more, and by others when these are closed', async () => {
  const url = `${await web.app.listen({ port: 0, host: '127.0.0.1' })}/ui/api/dags/etl/runs/r1/tasks/transform/log/stream`;
  const { token } = await issueToken(web.db, { username: 'admin', kind: 'api', ttlMs: 600_000 });
  const closing = new AbortController();
  const open = () => fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: closing.signal });
  // Held until the end: fetch closes the stream of an answer that nobody holds any more.
  const held: Response[] = [];
  for (let n = 0; n < LOG_STREAMS_MAX + 3; n++) held.push(await open());
  const answers = held.map(({ status }) => status);
  expect(answers.filter((status) => status === 200)).toHaveLength(LOG_STREAMS_MAX);
  expect(answers.slice(LOG_STREAMS_MAX)).toEqual([429, 429, 429]);
  closing.abort();
  await until(
    async () =>
      (await fetch(url, { headers: { authorization: `Bearer ${token}` } }).then(async (answer) => {
        await answer.body?.cancel();
        return answer.status;
      })) === 200,
    {
      what: 'there is room again',
    },
  );
});
