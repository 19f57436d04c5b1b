/**
 * Goal: whatever a DAG file does while it is imported, its author reads why it is refused, the file beside it is in force,
 * and the processor stays small and alive. Method: a folder with all of it at once, real caged children, real Postgres.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Broker } from '#platform/broker/broker.ts';
import { openPostgresBroker } from '#platform/broker/postgres-broker.ts';
import { systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { quietLogger } from '#platform/logger.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { DagProcessor } from '../../scheduler/dag-processor/manager.ts';

const IMPORT = 'import { dag } from "windlass";\n';
const body = (text: string) => `${IMPORT}${text}\nexport default dag("hell", {}, ({ task }) => { task("a", () => 1); });\n`;
const inDag = (text: string, options = '{}') =>
  `${IMPORT}export default dag("hell", ${options}, ({ task, map, group }: any) => {\n${text}\n});\n`;

/** Each costs the whole limit. */
const ENDLESS: readonly (readonly [what: string, text: string])[] = [
  ['endless_loop', body('for (;;) {}')],
  ['endless_promises', body('for (;;) await null;')],
  ['endless_timer', body('setInterval(() => {}, 1000); await new Promise(() => {});')],
  ['endless_getter', body('throw Object.defineProperty(new Error("x"), "message", { get() { for (;;); } });')],
];

const REFUSED: readonly (readonly [what: string, text: string | Buffer, message: RegExp])[] = [
  ['an await that never settles', body('await new Promise(() => {});'), /never settles/],
  ['process.exit', body('process.exit(0);'), /ended the process \(exit code 0\)/],
  ['process.abort', body('process.abort();'), /was aborted: process\.abort\(\)/],
  ['a replaced process.exit', body('process.exit = (() => {}) as never; throw new Error("after all");'), /after all/],
  ['reallyExit', body('(process as any).reallyExit(7);'), /exit code 7/],
  ['a thrown null', body('throw null;'), /threw null/],
  ['a thrown undefined', body('throw undefined;'), /threw undefined/],
  ['a thrown symbol', body('throw Symbol("s");'), /threw Symbol\(s\)/],
  ['a thrown text with U+0000 and half a surrogate', body('throw new Error("a\\u0000b\\ud800c");'), /ab.c/],
  ['a thrown text of 100 MB', body('throw new Error("x".repeat(100_000_000));'), /^x{100}|more than 128 MB/],
  [
    'a thrown Proxy',
    body('throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 1; } });'),
    /^the file threw|Cannot perform 'get' on a proxy/,
  ],
  [
    'a revoked Proxy',
    body('const p = Proxy.revocable({}, {}); p.revoke(); throw p.proxy;'),
    /^the file threw|Cannot perform 'get' on a proxy/,
  ],
  [
    'an Error whose getters throw',
    body('throw Object.defineProperty(new Error("x"), "message", { get() { throw new Error("trap"); } });'),
    /something that cannot be shown/,
  ],
  [
    'an Error whose name is a giant',
    body('throw Object.assign(new Error("m"), { name: "n".repeat(50_000_000) });'),
    /n{100}|more than 128 MB/,
  ],
  ['a rejection nobody catches', body('void Promise.reject(new Error("left alone"));'), /left alone/],
  [
    'a rejection that comes later',
    body('setTimeout(() => { throw new Error("too late"); }, 1); await new Promise((r) => setTimeout(r, 300));'),
    /too late/,
  ],
  [
    '1 GB of output',
    body('const mb = "x".repeat(1e6) + "\\n"; for (let i = 0; i < 1000; i++) process.stdout.write(mb);'),
    /printed more than 256 KiB/,
  ],
  ['one line of 200 MB', body('process.stdout.write("x".repeat(200e6));'), /printed more than 256 KiB|more than 128 MB/],
  [
    'output in the dark',
    body(
      'import("node:fs").then(({ writeSync }) => { for (;;) try { writeSync(2, "\\u001b[2J\\r\\ud800\\0".repeat(1000)); } catch {} }); await new Promise(() => {});',
    ),
    /printed more than 256 KiB/,
  ],
  [
    'a heap without end',
    body('const all: unknown[] = []; for (;;) all.push(new Array(1e6).fill(all.length));'),
    /more than 128 MB of memory/,
  ],
  [
    'buffers without end',
    body('const all: unknown[] = []; for (;;) { all.push(Buffer.alloc(50e6, 1)); await new Promise((r) => setTimeout(r, 5)); }'),
    /more than 128 MB of memory/,
  ],
  [
    'a forged answer that is no spec',
    body('const { writeSync } = await import("node:fs"); writeSync(3, JSON.stringify({ type: "dags", specs: ["{}"] }) + "\\n");'),
    /specVersion is missing or not of the right kind/,
  ],
  [
    'a forged answer that is no JSON',
    body('const { writeSync } = await import("node:fs"); writeSync(3, JSON.stringify({ type: "dags", specs: ["{{{"] }) + "\\n");'),
    /JSON/,
  ],
  [
    'a forged answer that is nested without end',
    body(
      'const { writeSync } = await import("node:fs"); const deep = "[".repeat(200000) + "]".repeat(200000); const spec = JSON.stringify({ type: "dags", specs: [\'{"specVersion":1,"paramsDefaults":{"a":\' + deep + "}}"] }) + "\\n"; for (let at = 0; at < spec.length;) { try { at += writeSync(3, spec.slice(at)); } catch {} }',
    ),
    /Maximum call stack size exceeded/,
  ],
  [
    'a forged error',
    body(
      'const { writeSync } = await import("node:fs"); writeSync(3, JSON.stringify({ type: "error", name: {}, message: "<img src=x onerror=alert(1)>\\u0000", stack: null }) + "\\n");',
    ),
    /<img src=x/,
  ],
  ['a closed channel', body('const { closeSync } = await import("node:fs"); closeSync(3);'), /ended the process|without an answer|closed/],
  ['a replaced Array.prototype.map', body('(Array.prototype as any).map = () => { throw new Error("mapped"); };'), /mapped/],
  ['a syntax error', 'export default dag(', /Unexpected end of file/],
  ['a missing import', 'import "./nowhere.ts";', /Could not resolve "\.\/nowhere\.ts"/],
  ['a missing package', 'import "left-pad-of-hell";', /Could not resolve "left-pad-of-hell"/],
  ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3, 0xff, 0xfe, 0xd8, 0]), /Unexpected "\\x7f"/],
  [
    'a cycle',
    inDag(
      'const a = task("a", () => 1); const b = task("b", () => 2, { after: a }); const c = task("c", () => 3, { after: b }); a.after(c);',
    ),
    /cycle: [abc] > [abc] > [abc] > [abc]/,
  ],
  ['an edge to itself', inDag('const a = task("a", () => 1); a.after(a);'), /itself|cycle/],
  ['an id with a path', inDag('task("../../etc/passwd", () => 1);'), /"\.\.\/\.\.\/etc\/passwd"/],
  ['an id with U+0000', inDag('task("a\\0b", () => 1);'), /id .* is not valid\. Use letters, digits/],
  ['a look-alike id', inDag('task("p\\u0430y", () => 1);'), /id .* is not valid\. Use letters, digits/],
  ['an id named __proto__ twice', inDag('task("__proto__", () => 1); task("__proto__", () => 1);'), /two things called "__proto__"/],
  [
    'an id of 10,000 characters',
    inDag('task("a".repeat(10_000), () => 1);'),
    /task id "aaaa.*… \(10002 characters\).* is not valid. Use letters, digits and _ \. - \(at most 250\)/,
  ],
  [
    'a DAG id with markup',
    `${IMPORT}export default dag("<img src=x onerror=alert(1)>", {}, ({ task }) => { task("a", () => 1); });`,
    /id .* is not valid\. Use letters, digits/,
  ],
  ['50,000 tasks', inDag('for (let i = 0; i < 50_000; i++) task("t" + i, () => 1);'), /more than 10000 tasks|ms of CPU time/],
  ['a description with U+0000', inDag('task("a", () => 1);', '{ description: "a\\u0000b" }'), /U\+0000/],
  [
    'params with half a surrogate',
    inDag('task("a", () => 1);', '{ params: z.object({ p: z.string().default("\\ud800") }) }').replace(
      IMPORT,
      `import { z } from "zod";\n${IMPORT}`,
    ),
    /U\+0000 or half of a surrogate/,
  ],
  ['a doc of 40 MB', inDag('task("a", () => 1);', '{ docMd: "x".repeat(40_000_000) }'), /larger|too large|more than/],
];

const TASK = '({ task }) => { task("a", () => 1); }';
const ACCEPTED: Readonly<Record<string, string>> = {
  fine: `${IMPORT}export default dag("fine", {}, ${TASK});`,
  prototype_names: `${IMPORT}export default dag("prototype_names", {}, ({ task }) => { for (const id of ["__proto__", "constructor", "toString"]) task(id, () => 1); });`,
  polluted: `${IMPORT}Object.assign(Object.prototype, { evil: 1 }); JSON.stringify = () => "{}"; export default dag("polluted", {}, ${TASK});`,
  of_1_mb: `${IMPORT}export default dag("of_1_mb", { docMd: "# x ".repeat(250_000) }, ${TASK});`,
  of_5000_tasks: `${IMPORT}export default dag("of_5000_tasks", {}, ({ task }) => { for (let i = 0; i < 5_000; i++) task("t" + i, () => 1); });`,
  leaves_timers: `${IMPORT}setInterval(() => {}, 1); setTimeout(() => { throw new Error("later"); }, 60_000); export default dag("leaves_timers", {}, ${TASK});`,
  common_js: 'const { dag } = require("windlass");\nmodule.exports = dag("common_js", {}, ({ task }) => { task("a", () => 1); });',
  nul_in_a_comment: `${IMPORT}// a\0b\nexport default dag("nul_in_a_comment", {}, ${TASK});`,
  'sub/we ird\'"<img src=x>': `${IMPORT}export default dag("sub", {}, ${TASK});`,
};

const LOGGER = quietLogger();
const notSaved: unknown[] = [];
LOGGER.error = ((fields: object) => notSaved.push(fields)) as typeof LOGGER.error;
let database: TestDatabase;
let broker: Broker;
let errors: ReadonlyMap<string, string>;
let grownBytes = Number.POSITIVE_INFINITY;

async function query<Row>(text: string): Promise<Row[]> {
  return (await database.db.pool.query(text)).rows as Row[];
}
async function importErrors(): Promise<ReadonlyMap<string, string>> {
  const rows = await query<{ file: string; message: string }>('select file_path as file, message from import_error');
  return new Map(rows.map((row) => [row.file, row.message]));
}
const dagIds = async () => (await query<{ dag_id: string }>('select dag_id from dag where not is_stale')).map((row) => row.dag_id).sort();

/** Scans a folder of these files once, beside a processor that runs. */
async function scan(files: Readonly<Record<string, string | Buffer>>, settings: Partial<Config>): Promise<void> {
  const config = testConfig({ dagImportMemoryMb: 128, serviceHeartbeatMs: 250, ...settings });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(config.dagsFolder, name)), { recursive: true });
    writeFileSync(join(config.dagsFolder, `${name}.ts`), text);
  }
  const processor = new DagProcessor({ config, db: database.db, broker, clock: systemClock, logger: LOGGER });
  await processor.start();
  await processor.runOnce();
  const [age] = await query<{ ms: number }>(
    `select extract(epoch from clock_timestamp() - max(last_heartbeat_at)) * 1000 as ms from service`,
  );
  expect(Number(age?.ms)).toBeLessThan(5_000);
  await processor.stop();
}

beforeAll(async () => {
  database = await createDatabase();
  broker = await openPostgresBroker({ url: database.url, prefix: 'hell_test', clock: systemClock, logger: LOGGER });
  const before = process.memoryUsage.rss();
  const hell = Object.fromEntries(REFUSED.map(([, text], index) => [`hell-${index}`, text]));
  // esbuild takes the backslash for a separator of folders.
  await scan({ ...hell, ...ACCEPTED, 'back\\slash': `${IMPORT}export default dag("back", {}, ${TASK});` }, { dagImportTimeoutMs: 60_000 });
  grownBytes = process.memoryUsage.rss() - before;
  errors = await importErrors();
}, 240_000);
afterAll(async () => {
  await broker.close();
  await database.drop();
});

it.each(REFUSED.map(([what, , message], index) => [what, index, message] as const))(
  'a file with %s is refused with its reason',
  (_, index, message) => {
    const said = errors.get(`hell-${index}.ts`) ?? 'no import error';
    expect(said).toMatch(message);
    expect(said.length).toBeLessThan(25_000);
  },
);

it('the files beside are in force, also strange ones', async () => {
  expect([...errors].filter(([file]) => !/^hell-|^back/.test(file))).toEqual([]);
  expect(await dagIds()).toEqual(
    Object.keys(ACCEPTED)
      .map((name) => name.split('/')[0])
      .sort(),
  );
});

it('a file that cannot be read as it is called says so, again with each scan', () => {
  expect(errors.get('back\\slash.ts')).toMatch(/^The file could not be imported or saved; the next scan tries again\. ENOENT/);
});

it('the processor stays small, and has saved everything it knows', () => {
  expect(notSaved.filter((fields) => !JSON.stringify(fields).includes('slash.ts'))).toEqual([]);
  expect(grownBytes).toBeLessThan(400 * 1024 * 1024);
});

it('a file that never ends is ended, whatever it does meanwhile', async () => {
  await scan(
    { ...Object.fromEntries(ENDLESS.map(([name, text]) => [name, text])), fine: ACCEPTED['fine'] as string },
    { dagImportTimeoutMs: 2_500 },
  );
  expect(await dagIds()).toEqual(['fine']);
  const reason = expect.stringMatching(/^the file was not imported within 2.5 s: an endless loop at its top level\?/);
  expect(Object.fromEntries(await importErrors())).toEqual(Object.fromEntries(ENDLESS.map(([name]) => [`${name}.ts`, reason])));
});
