/** Goal: what people really do wrong in a dags folder, and what they do right. Real Postgres, esbuild and caged children. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
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
  config = testConfig({ dagImportTimeoutMs: 5_000 });
  processor = new DagProcessor({ config, db: database.db, broker, clock: systemClock, logger: quietLogger() });
});
afterEach(async () => {
  await processor.stop();
  await sql('update dag set version_id = null');
  for (const table of ['dag_version', 'dag', 'dag_bundle', 'import_error']) await sql(`delete from ${table}`);
});

async function sql<Row>(text: string): Promise<Row[]> {
  return (await database.db.pool.query(text)).rows as Row[];
}
function save(name: string, text: string): string {
  const path = join(config.dagsFolder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
const aDag = (id: string) => `dag("${id}", {}, ({ task }) => { task("a", () => 1); })`;
const IMPORT = 'import { dag } from "windlass";\n';
const dagIds = async () => (await sql<{ dag_id: string }>('select dag_id from dag where not is_stale order by 1')).map((row) => row.dag_id);
const errors = () =>
  sql<{ file_path: string; message: string; line: number | null; column_number: number | null }>(
    'select * from import_error order by file_path',
  );

it.each([
  [
    'an unknown option',
    '\n\nexport default dag("d", {\n  shedule: "@daily",\n}, () => {});',
    4,
    /Unknown option "shedule" of DAG "d". Did you mean "schedule"/,
  ],
  [
    'a duplicate task',
    'export default dag("d", {}, ({ task }) => {\n  task("a", () => 1);\n  task("a", () => 1);\n});',
    4,
    /two things called "a"/,
  ],
  [
    'a reference used as a value',
    'export default dag("d", {}, ({ task }) => {\n  const a = task("a", () => [1]);\n  for (const x of a as any) task(x, () => 1);\n});',
    4,
    /"a" is a reference/,
  ],
  [
    'a timer at build time',
    'export default dag("d", {}, ({ task }) => {\n  setTimeout(() => 1, 1);\n});',
    3,
    /setTimeout\(\) was called by the build function/,
  ],
  [
    'a slow build function',
    'export default dag("d", {}, ({ task }) => {\n  const end = Date.now() + 2000; while (Date.now() < end);\n});',
    2,
    /ms of CPU time; 200 ms are allowed/,
  ],
  [
    'a feature of a later version',
    'export default dag("d", {}, ({ task }) => {\n  task("a", {}, () => 1, { cache: { key: () => "k", ttl: "1h" } });\n});',
    3,
    /Option "cache" .* not available in this version/,
  ],
  [
    'params that are no object',
    'import { z } from "zod";\nexport default dag("d", { params: z.string() as never }, () => {});',
    null,
    /must be a schema of an object/,
  ],
  [
    'a template without an end',
    'export default dag("d", {}, ({ task }) => {\n  task("a", { q: "x {{ ds" }, (input) => input, { templateFields: ["q"] });\n});',
    null,
    /Field "q" of "a", line 1, column 3: \{\{ has no end \}\}/,
  ],
  [
    'a bad cron expression',
    'export default dag("d", { schedule: "61 0 * * *" }, ({ task }) => { task("a", () => 1); });',
    2,
    /61 0 \* \* \*/,
  ],
])('%s is an import error at its line', async (_name, body, line, message) => {
  save('broken.ts', IMPORT + body);
  await processor.runOnce();
  const [error] = await errors();
  expect(error).toMatchObject({ file_path: 'broken.ts', message: expect.stringMatching(message) });
  if (line !== null) expect(error?.line).toBe(line);
});

it('finds several DAGs of a file, under any name, in lists and records', async () => {
  save(
    'many.ts',
    `${IMPORT}export const one = ${aDag('one')};\nexport const more = [${aDag('two')}, ${aDag('three')}];\nexport const byName = { four: ${aDag('four')} };\nexport default ${aDag('five')};\n`,
  );
  await processor.runOnce();
  expect(await errors()).toEqual([]);
  expect(await dagIds()).toEqual(['five', 'four', 'one', 'three', 'two']);
});

it('a helper module is no error, a DAG that is not exported is', async () => {
  save('lib/helper.ts', 'export const rows = 1;\n');
  save('forgotten.ts', `${IMPORT}const mine = ${aDag('d')};\n`);
  await processor.runOnce();
  expect(await errors()).toMatchObject([
    { file_path: 'forgotten.ts', message: expect.stringContaining('exports no DAG. Export it'), line: 2 },
  ]);
});

it('ignores dotfiles, tests, declarations, node_modules and what .windlassignore names', async () => {
  for (const name of ['.hidden.ts', 'x.test.ts', 'x.d.ts', 'node_modules/p/index.ts', 'old/a.ts', 'skip_me.ts'])
    save(name, 'this is no code');
  save('.windlassignore', '# not these\nold/**\nskip_*.ts\n');
  save('fine.ts', `${IMPORT}export default ${aDag('fine')};`);
  await processor.runOnce();
  expect([await dagIds(), await errors()]).toEqual([['fine'], []]);
});

it('a file that is written in two halves ends as the whole file says', async () => {
  await processor.start();
  await processor.runOnce();
  const path = save('slow.ts', `${IMPORT}export default dag("slow", {}, ({ task }) => {\n`);
  await until(async () => (await errors()).length === 1, { deadlineMs: 5_000, what: 'the error of the first half' });
  appendFileSync(path, '  task("a", () => 1);\n});\n');
  await until(async () => (await dagIds()).includes('slow') && (await errors()).length === 0, { deadlineMs: 5_000, what: 'the whole DAG' });
});

it('a DAG larger than the limits is refused by name', async () => {
  save(
    'large.ts',
    `${IMPORT}export default dag("large", {}, ({ task }) => { for (let n = 0; n <= 10_000; n++) task("t" + n, () => 1); });`,
  );
  await processor.runOnce();
  expect((await errors())[0]?.message).toMatch(/more than 10000 tasks|ms of CPU time/);
});

it('isPausedUponCreation decides for a new DAG only', async () => {
  save('awake.ts', `${IMPORT}export default dag("awake", { isPausedUponCreation: false }, ({ task }) => { task("a", () => 1); });`);
  await processor.runOnce();
  expect(await sql('select is_paused from dag')).toEqual([{ is_paused: false }]);
  await sql('update dag set is_paused = true');
  save('awake.ts', `${IMPORT}export default dag("awake", { isPausedUponCreation: false }, ({ task }) => { task("b", () => 1); });`);
  await processor.runOnce();
  expect(await sql('select is_paused from dag')).toEqual([{ is_paused: true }]);
});

it('a file that floods the pipe to its parent is ended before it takes memory there', async () => {
  const flood = 'const big = Buffer.alloc(1_000_000, 120); for (;;) { try { writeSync(3, big); } catch {} }';
  save('flood.ts', `import { writeSync } from "node:fs";\n${IMPORT}${flood}\nexport default ${aDag('d')};`);
  await processor.runOnce();
  expect((await errors())[0]?.message).toMatch(/larger than 32 MiB when serialised/);
  expect(process.memoryUsage().rss).toBeLessThan(1024 * 1024 * 1024);
});

it('timers and servers that a file starts at its top level do not keep it from being imported', async () => {
  save(
    'busy.ts',
    `import { createServer } from "node:http";\n${IMPORT}setInterval(() => {}, 1000);\ncreateServer().listen(0);\nexport default ${aDag('busy')};`,
  );
  await processor.runOnce();
  expect([await dagIds(), await errors()]).toEqual([['busy'], []]);
});

it('a file sees none of our environment', async () => {
  save(
    'spy.ts',
    `${IMPORT}export default dag("spy", { description: Object.keys(process.env).sort().join() }, ({ task }) => { task("a", () => 1); });`,
  );
  await processor.runOnce();
  expect(await sql(`select spec ->> 'description' as seen from dag_version`)).toEqual([{ seen: 'HOME,LANG,PATH,TZ' }]);
});

it('the shipped examples are fine', async () => {
  const shipped = new DagProcessor({
    config: { ...config, dagsFolder: join(process.cwd(), 'dags'), pluginsFolder: join(process.cwd(), 'plugins') },
    db: database.db,
    broker,
    clock: systemClock,
    logger: quietLogger(),
  });
  await shipped.runOnce();
  await shipped.stop();
  expect(await errors()).toEqual([]);
  expect(await dagIds()).toEqual(expect.arrayContaining(['hello', 'ny_taxi']));
});
