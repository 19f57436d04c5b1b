/**
 * Goal: while the disk of Postgres is full, no process of ours ends and nothing is lost, also when Postgres itself goes down over it;
 * when there is room again, and Postgres is there, all goes on by itself, each body once. Method: real processes over a server whose
 * data lies on a small disk of its own, which is set to the size of what is on it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createUser, issueToken } from '#platform/auth/users.ts';
import { newId, newSecret } from '#platform/clock.ts';
import { type Fleet, LEDGER, type Member, startFleet } from '#test/support/fleet.ts';
import { createTemplate, startPostgres, type TestPostgres } from '#test/support/postgres.ts';
import { SmallDisk } from '#test/support/small-disk.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
const FULL_MS = 6_000;
const RUNS = 3;
/** People who save something all the while. */
const ASKERS = 4;
const LATER = /The database (takes no writes|cannot be reached) right now\. Try again/;

const folder = mkdtempSync(join(tmpdir(), 'windlass-full-disk-'));
const disk = SmallDisk.mount(folder, '1g');

describe('the disk of Postgres is full, and', () => {
  let server: TestPostgres;
  let fleet: Fleet;
  let web: Member;
  let token: string;

  beforeAll(async () => {
    if (disk === null) return;
    server = await startPostgres(folder, { min_wal_size: '32MB', max_wal_size: '64MB' });
    await createTemplate(server.url);
    const file = `
import { dag } from 'windlass';
${LEDGER}
export const steady = dag('steady', {}, ({ task, chain }) => { chain(task('first', note), task('second', note)); });
export const long = dag('long', {}, ({ task }) => { task('through', async (ctx) => { await sleep(${FULL_MS + 2_000}); note(ctx); }); });
`;
    fleet = await startFleet({ 'steady.ts': file }, {}, server.url);
    await fleet.sql('create table filler (text text)');
    [web] = await Promise.all([fleet.start('webserver'), fleet.start('scheduler'), fleet.start('worker')]);
    await createUser(fleet.database.db, { username: 'writer', password: 'correct horse battery', role: 'admin' });
    token = (await issueToken(fleet.database.db, { username: 'writer', kind: 'api', ttlMs: 3_600_000 })).token;
    await fleet.know('steady', 'long');
  });
  afterAll(async () => {
    if (disk === null) return;
    try {
      await fleet.close();
    } finally {
      // A disk that stayed mounted would outlive the run.
      await server.stop();
      disk.unmount();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  /** What Postgres answers to somebody who needs another megabyte; null: it takes it. */
  const refusalOf = (text: string) =>
    fleet.sql(text).then(
      () => null,
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
  const MEGABYTE = `insert into filler select md5(n::text) from generate_series(1, 20000) n`;
  /** What the API answers to somebody who saves what no page has room for. */
  async function answerToWrite(): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${web.url}/api/v2/variables`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ key: `k${newId()}`, value: newSecret(200_000) }),
    });
    return { status: answer.status, text: await answer.text() };
  }
  async function askUntil(signal: AbortSignal): Promise<Awaited<ReturnType<typeof answerToWrite>>[]> {
    const answers: Awaited<ReturnType<typeof answerToWrite>>[] = [];
    while (!signal.aborted) answers.push(await answerToWrite());
    return answers;
  }
  /** Its log of what was committed goes on in a file for which there is no room. */
  const LOG_FILE = `select pg_logical_emit_message(false, 'filler', repeat('x', 1000000)), pg_switch_wal()`;

  it.for([
    {
      what: 'a statement fails',
      text: MEGABYTE,
      answer: /^53100$/,
      log: /could not extend file .*No space left on device/,
    },
    {
      what: 'Postgres goes down over it',
      text: LOG_FILE,
      answer: /^(57P0\d|ECONN\w+|.*[Cc]onnection.*|53100)$/,
      log: /PANIC: .*No space left on device/,
    },
  ])('$what: no process of ours ends, and all goes on by itself when there is room', async ({ text, answer, log }, { skip }) => {
    skip(disk === null, 'only root may mount a disk of its own');
    const from = server.log().length;
    const run = await fleet.trigger('long');
    await until(async () => (await fleet.states(run))['through'] === 'running', { what: 'the long body runs', deadlineMs: 60_000 });
    for (let n = 0; n < RUNS; n++) await fleet.trigger('steady');
    const asking = new AbortController();
    const answers = Promise.all(Array.from({ length: ASKERS }, () => askUntil(asking.signal)));
    disk?.fill();
    const fullAt = performance.now();
    try {
      await until(async () => answer.test((await refusalOf(text)) ?? ''), { what: 'there is no room', deadlineMs: 30_000 });
      await until(() => log.test(server.log().slice(from)), { what: 'Postgres says so' });
      await until(() => performance.now() - fullAt >= FULL_MS, { what: 'it is full for a while', deadlineMs: 30_000 });
    } finally {
      disk?.free();
      asking.abort();
    }
    const unwritten = (await answers).flat().filter(({ status }) => status !== 201);
    expect(unwritten.length).toBeGreaterThan(0);
    expect(unwritten.filter(({ status, text }) => status !== 503 || !LATER.test(text))).toEqual([]);
    await server.startAgain();
    await until(async () => (await refusalOf('truncate filler')) === null, { what: 'Postgres answers', deadlineMs: 30_000 });
    for (let n = 0; n < RUNS; n++) await fleet.trigger('steady');
    expect(Object.keys(await fleet.allEnded(90_000))).toEqual(['success']);
    expect(fleet.members.filter((member) => member.hasEnded()).map((member) => member.log().slice(-2_000))).toEqual([]);
    const [{ instances } = { instances: 0 }] = await fleet.sql<{ instances: number }>(
      'select count(*)::int as instances from task_instance',
    );
    expect(new Set(fleet.ledger()).size).toBe(instances);
    expect(fleet.ledger()).toHaveLength(instances);
    expect((await answerToWrite()).status).toBe(201);
  });
});
