/**
 * Goal: a worker that is told to stop for the second time ends at once, and a web server that is killed while somebody reads a
 * log cuts nothing off. Method: real processes; the caller goes on with what he holds.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { issueToken } from '#platform/auth/tokens.ts';
import { createUser } from '#platform/auth/users.ts';
import { newId } from '#platform/clock.ts';
import { type Fleet, LEDGER, startFleet } from '#test/support/fleet.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const READ_MIN = 20;
/** While it is not there, bodies go on. */
const enough = join(tmpdir(), `windlass-enough-${newId()}`);
const FILE = `
import { existsSync } from 'node:fs';
import { dag } from 'windlass';
${LEDGER}
const goesOn = () => !existsSync(${JSON.stringify(enough)});
export const waits = dag('waits', {}, ({ task }) => {
  task('waits', async (ctx) => { await note(ctx); while (goesOn()) await sleep(20); }, { retries: 5, retryDelay: 50 });
});
export const talks = dag('talks', {}, ({ task }) => {
  task('talks', async (ctx) => { for (let n = 0; goesOn(); n++) { ctx.log.info('line', { n }); await sleep(5); } });
});
`;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet(
    { 'all.ts': FILE },
    {
      WINDLASS_LEASE_TTL_MS: '3000',
      WINDLASS_LEASE_RENEW_MS: '500',
      WINDLASS_LEASE_GRACE_MS: '500',
      WINDLASS_WORKER_DRAIN_MS: '120000',
      WINDLASS_WORKER_SLOTS: '4',
    },
  );
  await fleet.start('scheduler');
  await fleet.know('waits', 'talks');
});
afterAll(async () => {
  writeFileSync(enough, '');
  await fleet?.close();
});

it('a second SIGTERM ends a worker at once, and its task is tried again by another one', async () => {
  const worker = await fleet.start('worker');
  const run = await fleet.trigger('waits');
  await until(() => fleet.ledger().length === 1, { what: 'the body is at work', deadlineMs: 60_000 });
  const code = worker.stopsByItself();
  // A terminal may send each of them twice: only one that comes a second later means "at once".
  const again = () => {
    if (!worker.hasEnded()) worker.child.kill('SIGTERM');
    return worker.hasEnded();
  };
  await until(again, { what: 'it has ended, long before its drain is over', deadlineMs: 60_000, pollMs: 100 });
  expect([await code, worker.log().includes('"event":"role.forced"')]).toEqual([1, true]);
  await fleet.start('worker');
  await until(() => fleet.ledger().length === 2, { what: 'the body is at work again', deadlineMs: 60_000 });
  const tries = await fleet.sql(
    `select a.try_number, a.outcome from task_attempt a join task_instance ti using (task_instance_id) where ti.dag_run_id = $1 order by 1`,
    [run],
  );
  expect(tries).toEqual([
    { try_number: 1, outcome: 'lost' },
    { try_number: 2, outcome: null },
  ]);
});

it('a log is read on where it was, when the web server that showed it is killed and another one answers', async () => {
  await createUser(fleet.database.db, { username: 'reader', password: 'correct horse battery', role: 'viewer' });
  const { token } = await issueToken(fleet.database.db, { username: 'reader', kind: 'api', ttlMs: 3_600_000 });
  const headers = { authorization: `Bearer ${token}` };
  const run = await fleet.trigger('talks');
  const path = `/dags/talks/dagRuns/manual__${run}/taskInstances/talks/logs/1`;
  const lines: number[] = [];
  let next: string | null = '';
  /** Takes what there is by now. */
  const read = async (url: string | null) => {
    const answer = await fetch(`${url}/api/v2${path}${next === '' ? '' : `?token=${encodeURIComponent(next ?? '')}`}`, { headers });
    if (answer.status === 404) return; // it has not begun
    expect(answer.status).toBe(200);
    const page = (await answer.json()) as {
      content: { event: string; n?: number; fields?: { n?: number } }[];
      continuation_token: string | null;
    };
    lines.push(...page.content.filter((line) => line.event === 'line').map((line) => Number(line.n ?? line.fields?.n)));
    next = page.continuation_token;
  };
  const first = await fleet.start('webserver');
  const readMore = async (url: string | null, count: number) => {
    await read(url);
    return lines.length >= count;
  };
  await until(() => readMore(first.url, READ_MIN), { what: 'the beginning is read', deadlineMs: 60_000 });
  const stream = await fetch(`${first.url}/ui/api/dags/talks/runs/manual__${run}/tasks/talks/log/stream`, { headers });
  const cut = stream.text().then(
    () => 'ended',
    () => 'cut',
  );
  await first.stop('SIGKILL');
  expect(['cut', 'ended']).toContain(await cut);
  const readBefore = lines.length;
  const second = await fleet.start('webserver');
  await until(() => readMore(second.url, readBefore + READ_MIN), { what: 'it goes on', deadlineMs: 60_000 });
  writeFileSync(enough, '');
  await until(
    async () => {
      await read(second.url);
      return next === null;
    },
    { what: 'the end is read', deadlineMs: 60_000 },
  );
  expect(lines).toEqual(Array.from({ length: lines.length }, (_, n) => n));
  expect(await fleet.allEnded(60_000)).toEqual({ success: 2 });
  expect(existsSync(enough)).toBe(true);
});
