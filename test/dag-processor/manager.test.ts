/** Goal: what lies in the dags folder is what the database says. Real Postgres, real esbuild, real caged children. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '#platform/broker/broker.ts';
import { systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { quietLogger } from '#platform/logger.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import { DagProcessor } from '../../scheduler/dag-processor/manager.ts';

let database: TestDatabase;
let testBroker: TestBroker;
let broker: Broker;
let config: Config;
let processor: DagProcessor;
const logger = quietLogger();

beforeAll(async () => {
  database = await createDatabase();
  testBroker = await startBroker(database);
  broker = await testBroker.open();
});
afterAll(async () => {
  await testBroker.stop();
  await database.drop();
});
beforeEach(() => {
  config = testConfig({ dagImportTimeoutMs: 20_000, dagImportMemoryMb: 128 });
  processor = new DagProcessor({ config, db: database.db, broker, clock: systemClock, logger });
});
afterEach(async () => {
  await processor.stop();
  await sql('delete from dag_run');
  await sql('update dag set version_id = null');
  for (const table of ['dag_version', 'dag', 'dag_bundle', 'import_error', 'parsed_file']) await sql(`delete from ${table}`);
});

async function sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.db.pool.query(text, values)).rows as Row[];
}

function save(name: string, text: string): string {
  const path = join(config.dagsFolder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
  return path;
}

const aDag = (id: string, body = `task("a", () => 1);`) =>
  `import { dag } from "windlass";\nexport default dag("${id}", {}, ({ task }) => {\n  ${body}\n});\n`;
const dags = () =>
  sql<{ dag_id: string; is_stale: boolean; has_import_errors: boolean }>(
    'select dag_id, is_stale, has_import_errors from dag order by dag_id',
  );
const versions = async (dagId: string) =>
  (await sql<{ version_number: number }>('select version_number from dag_version where dag_id = $1 order by 1', [dagId])).map(
    (row) => row.version_number,
  );
/** A run of the current version, which therefore stays. */
const use = (dagId: string) =>
  sql(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by)
     select new_id(), dag_id, 'run ' || version_id, 'manual', 'running', version_id, shard, now(), 'test' from dag where dag_id = $1`,
    [dagId],
  );
const errors = () =>
  sql<{ file_path: string; message: string; stack: string; line: number | null; column_number: number | null }>(
    'select * from import_error order by file_path',
  );

describe('the DAG processor', () => {
  it('saves the DAGs of a file outside the installation, paused as configured', async () => {
    save('one.ts', aDag('one'));
    await processor.runOnce();
    expect(await errors()).toEqual([]);
    const rows = await sql<{ dag_id: string; is_paused: boolean; spec: { tasks: { taskId: string }[] } }>(
      'select d.dag_id, is_paused, spec from dag d join dag_version using (version_id)',
    );
    expect(rows).toMatchObject([{ dag_id: 'one', is_paused: true, spec: { tasks: [{ taskId: 'a' }] } }]);
  });

  it('makes no new version of a file that did not change, and one of a file that did', async () => {
    save('one.ts', aDag('one'));
    await processor.runOnce();
    const again = new DagProcessor({ config, db: database.db, broker, clock: systemClock, logger });
    await again.runOnce();
    await again.stop();
    expect(await versions('one')).toEqual([1]);
    await use('one');
    save('one.ts', aDag('one', 'task("b", () => 2);'));
    await processor.runOnce();
    expect(await versions('one')).toEqual([1, 2]);
  });

  const parsedAt = async () =>
    Object.fromEntries(
      (await sql<{ dag_id: string; at: string }>('select dag_id, last_parsed_at::text as at from dag')).map(({ dag_id, at }) => [
        dag_id,
        at,
      ]),
    );
  const startAnew = async (more: Partial<Config> = {}) => {
    await processor.stop();
    processor = new DagProcessor({ config: { ...config, ...more }, db: database.db, broker, clock: systemClock, logger });
    await processor.runOnce();
  };

  it('parses after a restart only what changed meanwhile, also in a file that is imported or was not there', async () => {
    save('same.ts', aDag('same'));
    save('lib/rows.ts', 'export const rows = 1;\n');
    save('helped.ts', `import { rows } from "./lib/rows.ts";\n${aDag('helped', 'task("a", () => rows);')}`);
    save('named.ts', aDag('named', 'task("a", () => "load.sql");'));
    await processor.runOnce();
    const before = await parsedAt();
    await startAnew();
    expect(await parsedAt()).toEqual(before);
    save('lib/rows.ts', 'export const rows = 2;\n');
    save('load.sql', 'select 1');
    await startAnew();
    const after = await parsedAt();
    expect(Object.keys(after).filter((dagId) => after[dagId] !== before[dagId])).toEqual(['helped', 'named']);
  });

  it('parses after a restart what another setting decides, what was deleted, and what was broken', async () => {
    save('one.ts', aDag('one'));
    save('broken.ts', 'export default 1 +;');
    await processor.runOnce();
    await sql('update dag set version_id = null');
    await sql('delete from dag_version');
    await sql('delete from dag');
    await startAnew();
    expect([Object.keys(await parsedAt()), (await errors()).length]).toEqual([['one'], 1]);
    const before = await parsedAt();
    await startAnew({ defaultTaskRetries: 7 });
    expect((await parsedAt())['one']).not.toBe(before['one']);
    expect(await sql("select spec -> 'tasks' -> 0 -> 'retries' as retries from dag join dag_version using (version_id)")).toEqual([
      { retries: 7 },
    ]);
  });

  it('follows links to files and folders, but never in circles nor into the kernel', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'windlass-linked-'));
    writeFileSync(join(outside, 'far.ts'), aDag('far'));
    mkdirSync(join(outside, 'folder'));
    writeFileSync(join(outside, 'folder', 'farther.ts'), aDag('farther'));
    symlinkSync(join(outside, 'far.ts'), join(config.dagsFolder, 'link.ts'));
    symlinkSync(join(outside, 'folder'), join(config.dagsFolder, 'linked'));
    symlinkSync('.', join(config.dagsFolder, 'circle'));
    symlinkSync('/proc', join(config.dagsFolder, 'kernel'));
    symlinkSync('/nowhere', join(config.dagsFolder, 'dangling.ts'));
    await processor.start();
    await until(async () => (await dags()).length === 2, { what: 'both linked DAGs' });
    expect((await dags()).map((row) => row.dag_id)).toEqual(['far', 'farther']);
    await use('far');
    writeFileSync(join(outside, 'far.ts'), aDag('far', 'task("b", () => 2);'));
    await until(async () => (await versions('far')).length === 2, { what: 'the change behind the link' });
    expect(await errors()).toEqual([]);
    rmSync(outside, { recursive: true });
  });

  it('does not wait for a pipe that is named like a DAG file', async () => {
    await processor.start();
    execFileSync('mkfifo', [join(config.dagsFolder, 'pipe.ts')]);
    save('one.ts', aDag('one'));
    await until(async () => (await dags()).length === 1, { what: 'the DAG beside the pipe' });
    await processor.runOnce();
    expect(await errors()).toEqual([]);
  });

  it('says of a file that is far too large for a DAG that it is', async () => {
    save('dump.js', `const rows = "${'x'.repeat(17 * 1024 * 1024)}";`);
    await processor.runOnce();
    expect(await errors()).toMatchObject([
      { file_path: 'dump.js', message: expect.stringMatching(/too large for a DAG file.*17 MB.*windlassignore/) },
    ]);
    save('dump.js', aDag('small'));
    await processor.runOnce();
    expect(await errors()).toEqual([]);
  });

  it('parses a DAG again when a file it imports changes', async () => {
    save('lib/rows.ts', 'export const rows = 1;\n');
    save('one.ts', `import { rows } from "./lib/rows.ts";\n${aDag('one', 'task("a", () => rows);')}`);
    await processor.runOnce();
    await use('one');
    save('lib/rows.ts', 'export const rows = 2;\n');
    await processor.runOnce();
    expect(await versions('one')).toEqual([1, 2]);
  });

  it('says line and column of a syntax error and keeps the last good version', async () => {
    save('one.ts', aDag('one'));
    await processor.runOnce();
    save('one.ts', 'import { dag } from "windlass";\nexport default dag("one", {}, ({ task }) => {\n  task("a", () => ;\n});\n');
    await processor.runOnce();
    expect(await errors()).toMatchObject([{ file_path: 'one.ts', message: 'Unexpected ";"', line: 3, column_number: 19 }]);
    expect(await dags()).toEqual([{ dag_id: 'one', is_stale: false, has_import_errors: true }]);
    expect(await versions('one')).toEqual([1]);
    save('one.ts', aDag('one'));
    await processor.runOnce();
    expect(await errors()).toEqual([]);
    expect(await dags()).toMatchObject([{ has_import_errors: false }]);
  });

  it("names the author's own line when the file throws", async () => {
    save(
      'thrower.ts',
      'import { dag } from "windlass";\n\nfunction rows(): number[] {\n  throw new TypeError("no rows today");\n}\nrows();\nexport default dag("x", {}, () => {});\n',
    );
    await processor.runOnce();
    expect(await errors()).toMatchObject([{ message: 'TypeError: no rows today', line: 4 }]);
  });

  it('names the cycle of a DAG that has one', async () => {
    save('cycle.ts', aDag('cycle', 'const a = task("a", () => 1); const b = task("b", () => 2, { after: a }); a.after(b);'));
    await processor.runOnce();
    expect((await errors())[0]?.message).toMatch(/has a cycle: (a > b > a|b > a > b)/);
  });

  it('saves a file also when retention has just taken the sdk that no code imported any more', async () => {
    save('late.ts', aDag('late'));
    await processor.runOnce();
    await sql('delete from dag');
    await sql('delete from dag_bundle');
    await sql('delete from sdk_bundle');
    save('late.ts', aDag('late', 'task("b", () => 2);'));
    save('later.ts', aDag('later'));
    await processor.runOnce();
    expect(await errors()).toEqual([]);
    expect((await dags()).map((one) => one.dag_id)).toEqual(['late', 'later']);
    expect(await sql('select count(*)::int as n from sdk_bundle')).toEqual([{ n: 1 }]);
  });

  it('contains an endless loop', async () => {
    const impatient = new DagProcessor({
      config: { ...config, dagImportTimeoutMs: 2_500 },
      db: database.db,
      broker,
      clock: systemClock,
      logger,
    });
    save('hell.ts', `while (true) {}\n${aDag('hell')}`);
    const beganMs = systemClock.monotonic();
    await impatient.runOnce();
    const tookMs = systemClock.monotonic() - beganMs;
    await impatient.stop();
    // First it is read with others: there it has 3 s from when it begins, and not the time that a process may take to start.
    expect(tookMs).toBeLessThan(18_000);
    expect((await errors())[0]?.message).toMatch(/was not imported within 2.5 s/);
  });

  it.each([
    ['an await that never settles', 'await new Promise(() => {});', /never settles|was not imported within/],
    ['process.exit', 'process.exit(0);', /ended the process \(exit code 0\)/],
    [
      'too much memory',
      'const all: unknown[] = []; for (;;) all.push(new Array(1_000_000).fill(all.length));',
      /more than 128 MB of memory/,
    ],
    ['a flood of output', 'for (let i = 0; i < 100_000; i++) console.log("x".repeat(1_000));', /printed more than 256 KiB/],
    ['a thrown null', 'throw null;', /the file threw/],
    [
      'a thrown proxy',
      'throw new Proxy({}, { get() { throw new Error("gotcha"); }, getPrototypeOf() { throw new Error("gotcha"); } });',
      /the file threw|gotcha/,
    ],
    [
      'reading a secret',
      'import { readFileSync } from "node:fs"; readFileSync("/etc/hostname");',
      /Access to this API has been restricted/,
    ],
    ['ending the scheduler', 'process.kill(process.ppid, "SIGKILL");', /must not send signals/],
    ['starting a process', 'import { execSync } from "node:child_process"; execSync("id");', /Access to this API has been restricted/],
  ])('contains %s', async (_, text, message) => {
    save('hell.ts', `${text}\n${aDag('hell')}`);
    save('fine.ts', aDag('fine'));
    await processor.runOnce();
    expect((await errors())[0]?.message).toMatch(message);
    expect((await dags()).map((dag) => dag.dag_id)).toEqual(['fine']);
  });

  it('refuses a DAG id that another file defines', async () => {
    save('a.ts', aDag('same'));
    await processor.runOnce();
    save('b.ts', aDag('same'));
    await processor.runOnce();
    expect(await errors()).toMatchObject([{ file_path: 'b.ts', message: expect.stringContaining('is defined in a.ts already') }]);
  });

  it('gives a DAG to the second file once the first is gone, and keeps it when its file is renamed', async () => {
    const owner = () => sql<{ file_path: string; is_stale: boolean }>('select file_path, is_stale from dag');
    const first = save('a.ts', aDag('same'));
    await processor.start();
    await processor.runOnce();
    save('b.ts', aDag('same', 'task("b", () => 2);'));
    await until(async () => (await errors()).length === 1, { what: 'the refusal of the second file' });
    rmSync(first);
    await until(async () => (await owner())[0]?.file_path === 'b.ts' && (await errors()).length === 0, {
      what: 'the second file in force',
    });
    renameSync(join(config.dagsFolder, 'b.ts'), join(config.dagsFolder, 'c.ts'));
    await until(async () => (await owner())[0]?.file_path === 'c.ts', { what: 'the renamed file in force' });
    await processor.runOnce();
    expect([await owner(), await errors()]).toEqual([[{ file_path: 'c.ts', is_stale: false }], []]);
  });

  it('makes the DAGs of a removed file stale, and revives them', async () => {
    const path = save('one.ts', aDag('one'));
    await processor.runOnce();
    rmSync(path);
    await processor.runOnce();
    expect(await dags()).toMatchObject([{ is_stale: true }]);
    save('one.ts', aDag('one'));
    await processor.runOnce();
    expect(await dags()).toMatchObject([{ is_stale: false }]);
    expect(await versions('one')).toEqual([1]);
  });

  it('shows a saved file without waiting for a scan', async () => {
    // How long it takes is measured by `npm run bench -- fleet`.
    config = testConfig({ dagImportTimeoutMs: 20_000, dagScanIntervalMs: 3_600_000 });
    processor = new DagProcessor({ config, db: database.db, broker, clock: systemClock, logger });
    await processor.start();
    await processor.runOnce();
    for (const id of ['first', 'second']) {
      save(`${id}.ts`, aDag(id));
      await until(async () => (await dags()).some((dag) => dag.dag_id === id), { what: `DAG ${id}` });
    }
  });
});
