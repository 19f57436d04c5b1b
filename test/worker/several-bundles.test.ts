// Goal: a task process runs tasks of one DAG file after another, and none of them meets what another file left. Method: real task
// processes and their supervisor's handle.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ResultMessage, RunMessage } from '#core/task-protocol.ts';
import { systemClock } from '#platform/clock.ts';
import { anAttemptContext } from '#test/support/an-attempt-context.ts';
import { until } from '#test/support/until.ts';
import { bundleFile, stopBundler } from '../../scheduler/dag-processor/bundle.ts';
import { TaskProcess } from '../../worker/task-process.ts';

/** Each notes that it was imported; its one task is called `does`. */
const file = (dagId: string, top: string, body: string) => `
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dag } from 'windlass';
appendFileSync(WITNESS, '${dagId}\\n');
${top}
export default dag('${dagId}', {}, ({ task }) => task('does', async () => { ${body} }));
`;

const QUIET = {
  first: file('first', 'let calls = 0;', 'return ++calls;'),
  second: file('second', 'let calls = 0;', 'return ++calls;'),
  moves: file('moves', '', `process.chdir('/'); process.env.LEFT = 'behind'; return null;`),
  looks: file('looks', '', `return [process.cwd() === '/', process.env.LEFT ?? null];`),
  throws: file('throws', `if (Math.max(0, 1) > 0) throw new Error('not importable');`, ''),
  outlets: `
import { appendFileSync } from 'node:fs';
import { asset, dag } from 'windlass';
import { sync } from 'windlass/providers/sync';
appendFileSync(WITNESS, 'outlets\\n');
const table = asset('file:///lake/orders');
export default dag('outlets', {}, ({ task }) => task('does', async () => typeof sync, { outlets: [table] }));
`,
  late: file('late', `setTimeout(() => { throw new Error('of the file'); }, 250).unref();`, ''),
  lateAndWaits: file(
    'lateAndWaits',
    `setTimeout(() => { throw new Error('of the file'); }, 250).unref();`,
    'await new Promise((resolve) => setTimeout(resolve, 5_000));',
  ),
  waits: file('waits', '', 'await new Promise((resolve) => setTimeout(resolve, 400)); return 1;'),
};
const LEAVES = {
  'a timer of the file': file('leaves0', 'setInterval(() => {}, 1000);', ''),
  'a timer of a body': file('leaves1', '', 'setInterval(() => {}, 1000);'),
  'a global of the file': file('leaves2', 'globalThis.mine = 1;', ''),
  'a global of a body': file('leaves3', '', `globalThis[Symbol.for('mine')] = 1;`),
  'a method on a prototype': file('leaves4', "Object.defineProperty(Array.prototype, 'last', { value() { return this.at(-1); } });", ''),
  'a method that was replaced by the file': file('leaves5', 'const of = Date.now; Date.now = () => of() + 1;', ''),
  'a listener of the process': file('leaves6', `process.on('exit', () => {});`, ''),
  'a server': file('leaves7', '', 'await new Promise((resolve) => createServer().listen(0, resolve));'),
  'a function of a module of Node that was replaced': file(
    'leaves8',
    `import fs from 'node:fs';\nimport { syncBuiltinESMExports } from 'node:module';\nconst real = fs.readFileSync;\nfs.readFileSync = (...given) => real(...given);\nsyncBuiltinESMExports();`,
    '',
  ),
  'a method of a class of the platform that was replaced': file('leaves9', 'URL.prototype.toJSON = () => null;', ''),
  'much memory': file('leaves10', 'const hoard = Array.from({ length: 4_000_000 }, (_, at) => ({ at }));', 'return hoard.length;'),
  'an sdk that cannot tell files apart': `export const nothing = 1;`,
};

let witness: string;
const bundles = new Map<string, string>();
let host: TaskProcess;
let heard: ResultMessage[];
let errors: string;

beforeAll(async () => {
  const source = mkdtempSync(join(tmpdir(), 'windlass-bundles-'));
  witness = join(source, 'witness');
  for (const [name, text] of Object.entries({ ...QUIET, ...LEAVES })) {
    const folder = mkdtempSync(join(source, 'of-'));
    writeFileSync(join(folder, 'dag.ts'), text.replace('WITNESS', JSON.stringify(witness)));
    const { code } = await bundleFile(join(folder, 'dag.ts'), { dags: folder, plugins: folder, sdk: 'inside' });
    const bundle = join(folder, 'bundle.mjs');
    writeFileSync(bundle, code);
    bundles.set(name, bundle);
  }
});
afterAll(() => stopBundler());

beforeEach(async () => {
  writeFileSync(witness, '');
  [heard, errors] = [[], ''];
  host = new TaskProcess({ memoryMb: 256, openFilesMax: 1_024, uid: null, xcomMaxBytes: 1_024 }, systemClock);
  await host.ready;
  host.listen({
    onMessage: (message) => message.type === 'result' && heard.push(message),
    onOutput: (source, bytes) => {
      if (source === 'stderr') errors += bytes.toString();
    },
    onOversizedMessage: () => {},
    onGarbledMessage: () => {},
  });
});
afterEach(() => host.kill());

const load = (name: string) => host.load({ hash: name, file: bundles.get(name) as string });
const imported = () => (existsSync(witness) ? readFileSync(witness, 'utf8').split('\n').filter(Boolean) : []);

let number = 0;

function message(dagId: string): RunMessage {
  number += 1;
  return { type: 'run', inputs: {}, context: anAttemptContext({ attemptId: `${dagId}-${number}`, dagId, taskId: 'does' }) };
}

/** The result of the task of the DAG file that is loaded. */
async function run(dagId: string): Promise<ResultMessage> {
  const before = heard.length;
  host.send(message(dagId));
  return until(async () => heard[before], { what: `the task of ${dagId} ends`, pollMs: 5 });
}

describe('a task process', () => {
  it('runs tasks of one file after another, and comes back to the first without importing it again', async () => {
    const values: unknown[] = [];
    for (const name of ['first', 'second', 'first', 'second']) {
      expect(await load(name)).toBe(true);
      values.push((await run(name)).result);
    }
    expect(values).toMatchObject([1, 1, 2, 2].map((value) => ({ outcome: 'success', value })));
    expect(imported()).toEqual(['first', 'second']);
    expect(host.dead).toBe(false);
  });

  it('runs tasks after one with what the sdk shares in a process', async () => {
    await load('outlets');
    expect((await run('outlets')).result).toMatchObject({ value: 'function' });
    expect(await load('first')).toBe(true);
  });

  it('puts back the working folder and the environment between two files', async () => {
    await load('moves');
    await run('moves');
    expect(await load('looks')).toBe(true);
    expect((await run('looks')).result).toMatchObject({ value: [false, null] });
  });

  it.each(Object.keys(LEAVES).map((name, number) => [name, number] as const))('stays with its file after %s', async (name, number) => {
    await load(name);
    // Also where there is no such DAG: then the result says that.
    await run(`leaves${number}`);
    expect(await load('first')).toBe(false);
    expect([host.bundles.current, host.bundles.mayTake('first', 10), host.bundles.mayTake(name, 10)]).toEqual([name, false, true]);
    // Its own go on there.
    await run(`leaves${number}`);
    expect([imported(), host.dead]).toEqual([expect.not.arrayContaining(['first']), false]);
  });

  it('says of a file that cannot be imported what it threw, and ends', async () => {
    await load('throws');
    expect(await run('throws')).toMatchObject({ result: { outcome: 'failed', error: { message: 'not importable' } }, ends: true });
  });

  it('does not fail the task of one file for what another left running unseen, and ends with it', async () => {
    await load('late');
    await run('late');
    expect(await load('waits')).toBe(true);
    expect(await run('waits')).toMatchObject({ result: { outcome: 'success', value: 1 }, ends: true });
    expect(errors).toContain('Error: of the file');
  });

  it('fails the task of a file for what that file itself left running', async () => {
    await load('lateAndWaits');
    expect(await run('lateAndWaits')).toMatchObject({ result: { outcome: 'failed', error: { message: 'of the file' } }, ends: true });
  });
});

describe('tasks of several files in one hand', () => {
  /** Runs them behind each other. Resolves with what became of each and what it returned, when that is known of all. */
  async function deal(...names: readonly string[]): Promise<readonly unknown[]> {
    const [first, ...others] = names as [string, ...string[]];
    expect(await load(first)).toBe(true);
    const messages = names.map((name) => message(Object.keys(LEAVES).includes(name) ? `leaves${Object.keys(LEAVES).indexOf(name)}` : name));
    const fates: string[] = names.map((_, index) => (index === 0 ? 'begun' : 'waits'));
    host.send(messages[0] as RunMessage);
    others.forEach((name, index) => {
      const become = (fate: string) => () => {
        fates[index + 1] = fate;
      };
      const follower = { liveMs: () => 60_000, begin: become('begun'), dismiss: become('dismissed') };
      expect(host.follow(messages[index + 1] as RunMessage, { hash: name, file: bundles.get(name) as string }, follower)).toBe(true);
    });
    const resultOf = (index: number) => heard.find((one) => one.attemptId === messages[index]?.context.attemptId)?.result;
    await until(async () => fates.every((fate, index) => fate === 'dismissed' || (fate === 'begun' && resultOf(index) !== undefined)), {
      what: 'the fate of all is known',
      pollMs: 5,
    });
    return fates.map((fate, index) => (fate === 'begun' ? (resultOf(index) as { value?: unknown }).value : fate));
  }

  it('begin one after another, and each finds its own code', async () => {
    expect(await deal('first', 'second', 'first', 'looks', 'second')).toEqual([1, 1, 2, [false, null], 2]);
    expect(host.bundles.current).toBe('second');
    expect(imported()).toEqual(['first', 'second', 'looks']);
  });

  it('do not begin behind one that leaves something, nor behind a file that does', async () => {
    expect(await deal('first', 'a timer of a body', 'first', 'second')).toEqual([1, null, 'dismissed', 'dismissed']);
    expect(host.bundles.current).toBe('a timer of a body');
    // Its own file's tasks may begin there.
    expect(await deal('a timer of a body', 'a timer of a body')).toEqual([null, null]);
    expect(host.bundles.mayTake('second', 10)).toBe(false);
    expect(await load('second')).toBe(false);
  });
});
