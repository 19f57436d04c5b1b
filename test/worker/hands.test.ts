// Goal: of the attempts that a task process is given at once each begins once or not at all, both ends know which, and nobody pays
// for the end of another. Method: one real task process and its supervisor's handle; bodies are witnesses in a file.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ResultMessage, RunMessage } from '#core/task-protocol.ts';
import { systemClock } from '#platform/clock.ts';
import { anAttemptContext } from '#test/support/an-attempt-context.ts';
import { Dice } from '#test/support/seeded.ts';
import { until } from '#test/support/until.ts';
import { bundleFile, stopBundler } from '../../scheduler/dag-processor/bundle.ts';
import { type ProcessExit, TaskProcess } from '../../worker/task-process.ts';

const SOURCE = `
import { spawn, execSync } from 'node:child_process';
import { appendFileSync, existsSync, writeSync } from 'node:fs';
import { dag } from 'windlass';
const note = (ctx) => appendFileSync(ctx.params.witness, ctx.idempotencyKey + '\\n');
export default dag('hands', {}, ({ task }) => {
  task('silent', async (ctx) => note(ctx));
  task('logs', async (ctx) => { note(ctx); ctx.log.info('I am ' + ctx.idempotencyKey); });
  task('prints', async (ctx) => { note(ctx); console.log('said'); });
  task('starts', async (ctx) => { note(ctx); spawn('true'); });
  task('runs', async (ctx) => { note(ctx); execSync('true'); });
  task('writes', async (ctx) => { note(ctx); writeSync(1, 'raw'); });
  task('asks', async (ctx) => { note(ctx); void ctx.variable('unheard').catch(() => {}); });
  task('spoils', async (ctx) => { note(ctx); JSON.stringify = () => 'evil'; });
  task('blocks', async (ctx) => { note(ctx); while (!existsSync(ctx.params.witness + '-go')); });
  task('dies', async (ctx) => { note(ctx); process.kill(process.pid, 'SIGKILL'); for (;;); });
  task('moves', async (ctx) => { note(ctx); process.chdir('/'); process.env.LEFT = 'behind'; });
  task('looks', async (ctx) => { note(ctx); return [process.cwd() === '/', process.env.LEFT ?? null]; });
});
`;

let bundle: string;
let folder: string;
let host: TaskProcess;
let exit: ProcessExit | null;
let heard: (ResultMessage | string)[];
let number = 0;

beforeAll(async () => {
  const source = mkdtempSync(join(tmpdir(), 'windlass-hands-'));
  writeFileSync(join(source, 'dag.ts'), SOURCE);
  const { code } = await bundleFile(join(source, 'dag.ts'), { dags: source, plugins: source, sdk: 'inside' });
  bundle = join(source, 'bundle.mjs');
  writeFileSync(bundle, code);
});
afterAll(() => stopBundler());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-hands-'));
  [exit, heard] = [null, []];
  host = new TaskProcess({ memoryMb: 128, openFilesMax: 1_024, uid: null, xcomMaxBytes: 1_024 }, systemClock);
  await host.ready;
  await host.load({ hash: 'x', file: bundle });
  listen();
});
afterEach(() => host.kill());

function listen(): void {
  host.watch((ended) => {
    exit = ended;
  });
  host.listen({
    onMessage: (message) => {
      if (message.type === 'result') heard.push(message);
      if (message.type === 'log') heard.push(message.message);
    },
    onOutput: () => {},
    onOversizedMessage: () => heard.push('oversized'),
    onGarbledMessage: () => heard.push('garbled'),
  });
}

function message(taskId: string): RunMessage {
  number += 1;
  const id = `${taskId}-${number}`;
  const own = { attemptId: id, idempotencyKey: id, params: { witness: join(folder, 'begun') }, scratchFolder: folder };
  return { type: 'run', inputs: {}, context: anAttemptContext({ dagId: 'hands', taskId, ...own }) };
}

interface Dealt {
  readonly ids: readonly string[];
  /** What the supervisor knows: begun, dismissed or neither. */
  readonly fates: (string | null)[];
}

/** Gives it the first, and the others behind it. */
function deal(...taskIds: readonly string[]): Dealt {
  const messages = taskIds.map(message);
  const fates: (string | null)[] = taskIds.map(() => null);
  const [first, ...others] = messages as [RunMessage, ...RunMessage[]];
  host.send(first);
  fates[0] = 'begun';
  others.forEach((other, index) => {
    const follower = {
      liveMs: () => 60_000,
      begin: () => {
        fates[index + 1] = 'begun';
        host.watch((ended) => {
          exit = ended;
        });
      },
      dismiss: () => {
        fates[index + 1] = 'dismissed';
      },
    };
    expect(host.follow(other, { hash: 'x', file: bundle }, follower)).toBe(true);
  });
  return { ids: messages.map(({ context }) => context.attemptId), fates };
}

const begun = () => (existsSync(join(folder, 'begun')) ? readFileSync(join(folder, 'begun'), 'utf8').trim().split('\n') : []);
const results = () => heard.filter((one) => typeof one !== 'string');
const ended = (count: number) => until(async () => results().length >= count, { what: `${count} bodies end`, pollMs: 5 });

describe('attempts in one hand', () => {
  it('begin in their order without another word, and what they log stands before their result', async () => {
    const { ids, fates } = deal('silent', 'logs', 'silent', 'logs');
    await ended(4);
    expect([begun(), fates]).toEqual([ids, ['begun', 'begun', 'begun', 'begun']]);
    expect(heard.map((one) => (typeof one === 'string' ? one : one.attemptId))).toEqual([
      ids[0],
      `I am ${ids[1]}`,
      ids[1],
      ids[2],
      `I am ${ids[3]}`,
      ids[3],
    ]);
    expect(results().map((one) => one.next !== undefined)).toEqual([true, true, true, false]);
  });

  it('find the working folder and the environment as they were', async () => {
    deal('moves', 'looks');
    await ended(2);
    expect(results()[1]?.result).toMatchObject({ outcome: 'success', value: [false, null] });
  });

  it.each(['prints', 'starts', 'runs', 'writes', 'asks'])(
    'do not begin behind one that %s, before somebody has looked at that',
    async (taskId) => {
      const { ids, fates } = deal(taskId, 'silent', 'silent');
      await ended(1);
      expect([fates, results()[0]?.next]).toEqual([['begun', 'dismissed', 'dismissed'], undefined]);
      const alone = deal('silent');
      await ended(2);
      expect(begun()).toEqual([ids[0], ...alone.ids]);
    },
  );

  it('do not begin in a process that one has spoilt, which keeps its result', async () => {
    const { ids, fates } = deal('silent', 'spoils', 'silent');
    await host.exited;
    expect([fates, begun()]).toEqual([['begun', 'begun', 'dismissed'], ids.slice(0, 2)]);
    expect(results().map((one) => [one.attemptId, one.result.outcome])).toEqual(ids.slice(0, 2).map((id) => [id, 'success']));
  });

  it('are known to have begun or not when one kills their process, and those before it keep their results', async () => {
    const { ids, fates } = deal('silent', 'silent', 'dies', 'silent', 'silent');
    await host.exited;
    expect([fates, begun()]).toEqual([['begun', 'begun', 'begun', 'dismissed', 'dismissed'], ids.slice(0, 3)]);
    expect(results().map((one) => one.attemptId)).toEqual(ids.slice(0, 2));
    expect(exit).toMatchObject({ signal: 'SIGKILL' });
  });

  it('are taken back from behind one that keeps the thread busy, and others begin there later', async () => {
    const { ids, fates } = deal('blocks', 'silent', 'silent');
    await until(async () => begun().length === 1, { what: 'it blocks', pollMs: 5 });
    host.takeBack();
    expect(fates).toEqual(['begun', 'dismissed', 'dismissed']);
    writeFileSync(join(folder, 'begun-go'), '');
    await ended(1);
    const later = deal('silent', 'silent');
    await ended(3);
    expect(begun()).toEqual([ids[0], ...later.ids]);
  });

  it('have begun or were taken back, whenever that is tried', { timeout: 60_000 }, async () => {
    const dice = new Dice(5);
    const seen = new Set<string | null>();
    for (let round = 0; round < 150; round++) {
      const before = [begun().length, results().length] as const;
      const { ids, fates } = deal(...Array.from({ length: 6 }, () => 'silent'));
      const moment = performance.now() + dice.int(0, 30) / 10;
      while (performance.now() < moment) await new Promise((resolve) => setImmediate(resolve));
      host.takeBack();
      await until(async () => fates.every((fate) => fate !== null) && host.runningMs === 0, { what: 'all is known', pollMs: 1 });
      for (const fate of fates.slice(1)) seen.add(fate);
      const ran = ids.filter((_, index) => fates[index] === 'begun');
      expect(
        begun()
          .filter((id) => id !== '')
          .slice(before[0]),
      ).toEqual(ran);
      expect(
        results()
          .slice(before[1])
          .map((one) => one.attemptId),
      ).toEqual(ran);
    }
    expect([exit, seen]).toEqual([null, new Set(['begun', 'dismissed'])]);
  });
});
