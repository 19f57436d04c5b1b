/** Goal: a version appears when the DAG changes for those who run it, and never of itself. Real Postgres and caged children. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '#platform/broker/broker.ts';
import { bundleHash } from '#platform/bundle-hash.ts';
import { newId, systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { quietLogger } from '#platform/logger.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { DagProcessor } from '../../scheduler/dag-processor/manager.ts';

let database: TestDatabase;
let testBroker: TestBroker;
let broker: Broker;
let config: Config;
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
});
afterEach(async () => {
  await sql('delete from dag_run');
  await sql('update dag set version_id = null');
  for (const table of ['dag_version', 'dag', 'dag_bundle', 'import_error']) await sql(`delete from ${table}`);
});

async function sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.db.pool.query(text, values)).rows as Row[];
}

/** Saves the file and parses it in a fresh process, as after a restart. */
async function parse(text: string): Promise<void> {
  mkdirSync(config.dagsFolder, { recursive: true });
  writeFileSync(join(config.dagsFolder, 'tmp'), text);
  renameSync(join(config.dagsFolder, 'tmp'), join(config.dagsFolder, 'etl.ts'));
  const processor = new DagProcessor({ config, db: database.db, broker, clock: systemClock, logger });
  await processor.runOnce();
  await processor.stop();
}

async function trigger(): Promise<string> {
  const dagRunId = newId();
  const created = await createDagRuns(database.db, [
    {
      dagRunId,
      dagId: 'etl',
      runId: `manual__${dagRunId}`,
      runType: 'manual',
      logicalDate: null,
      dataIntervalStart: null,
      dataIntervalEnd: null,
      runAfter: new Date(),
      conf: {},
      triggeredBy: 'test',
      triggeringUser: null,
      note: null,
    },
  ]);
  expect(created.has(dagRunId)).toBe(true);
  return dagRunId;
}

const etl = (body: string, options = '{}') =>
  `import { dag } from "windlass";\nexport default dag("etl", ${options}, ({ task }) => {\n  ${body}\n});\n`;
const versions = () => sql<{ version_number: number; source: string }>('select version_number, source from dag_version order by 1');
const warnings = async () => (await sql<{ message: string }>('select message from dag_warning')).map((row) => row.message);
const states = async (dagRunId: string) =>
  Object.fromEntries(
    (await sql<{ task_id: string; state: string }>('select task_id, state from task_instance where dag_run_id = $1', [dagRunId])).map(
      (row) => [row.task_id, row.state],
    ),
  );

describe('a version of a DAG', () => {
  it('is replaced by the next one as long as no run has used it, and kept from then on', async () => {
    await parse(etl('task("a", () => 1);'));
    await parse(etl('task("b", () => 1);'));
    expect((await versions()).map((version) => version.version_number)).toEqual([1]);
    const run = await trigger();
    expect(await states(run)).toEqual({ b: 'none' });
    await parse(etl('task("c", () => 1);'));
    expect((await versions()).map((version) => version.version_number)).toEqual([1, 2]);
    expect(await states(run)).toEqual({ b: 'none' });
  });

  it('is the same for comments and formatting, and shows the source as it is now', async () => {
    await parse(etl('task("a", () => 1);'));
    await trigger();
    await parse(etl('// the first\n  task("a",   () => 1);'));
    const [only, ...others] = await versions();
    expect([others, only?.source]).toEqual([[], expect.stringContaining('// the first')]);
  });

  it('is the same after an upgrade of Windlass, and its next attempts run with the new sdk', async () => {
    await parse(etl('task("a", () => 1);'));
    await trigger();
    const pins = () =>
      sql<{ version_id: string; hash: string; code_hash: string; sdk_hash: string }>(
        'select version_id, b.hash, code_hash, sdk_hash from dag_version v join dag_bundle b on b.hash = v.bundle_hash',
      );
    const [now] = await pins();
    // As an older Windlass would have left it.
    const [{ code }] = (await sql<{ code: string }>('select code from dag_bundle')) as [{ code: string }];
    const before = bundleHash(code, 'older');
    await sql(`insert into sdk_bundle (hash, source_key, modules, made_by) values ('older', 'older', '{}', '0.1')`);
    await sql(`insert into dag_bundle (hash, code, code_hash, sdk_hash) select $1, code, code_hash, 'older' from dag_bundle`, [before]);
    await sql('update dag_version set bundle_hash = $1', [before]);
    await sql(`update parsed_file set parsed_by = 'older'`);
    await parse(etl('task("a", () => 1);'));
    expect(await pins()).toEqual([now]);
    // Also when the file is saved with another comment by the newer one.
    await sql('update dag_version set bundle_hash = $1', [before]);
    await parse(etl('// again\n  task("a", () => 1);'));
    expect(await pins()).toEqual([now]);
  });

  it('is new when only the code of a body changed', async () => {
    await parse(etl('task("a", () => 1);'));
    await trigger();
    await parse(etl('task("a", () => 2);'));
    expect(await versions()).toHaveLength(2);
  });

  it.each([
    ['an id made by Math.random()', etl('task("t" + Math.floor(Math.random() * 1e9), () => 1);'), /task t\d+ (removed|added)/],
    ['a start date of now', etl('task("a", () => 1);', '{ startDate: new Date() }'), /startDate "20.* -> "20/],
    [
      'a param that is the time',
      etl('task("a", () => 1);', '{ description: String(process.hrtime.bigint()) }'),
      /description "\d+" -> "\d+"/,
    ],
  ])('does not come of %s, which is reported', async (_, text, message) => {
    await parse(text);
    expect((await warnings())[0]).toMatch(message);
    await trigger();
    await parse(text);
    await parse(text);
    expect(await versions()).toHaveLength(1);
    await parse(etl('task("a", () => 1);'));
    expect([await versions(), await warnings()]).toMatchObject([{ length: 2 }, []]);
  });
});

describe('disableBundleVersioning', () => {
  it('moves unfinished runs on to the newest version: tasks appear, vanish and come back', async () => {
    const options = '{ disableBundleVersioning: true }';
    await parse(etl('task("a", () => 1); task("b", () => 1);', options));
    const run = await trigger();
    await parse(etl('task("a", () => 1); task("c", () => 1);', options));
    expect(await states(run)).toEqual({ a: 'none', b: 'removed', c: 'none' });
    await parse(etl('task("a", () => 1); task("b", () => 2);', options));
    expect(await states(run)).toEqual({ a: 'none', b: 'none', c: 'removed' });
    const events = await sql<{ event: string }>(
      `select e.event from task_instance_event e join task_instance ti using (task_instance_id) where ti.task_id = 'b' order by event_id`,
    );
    expect(events.map((row) => row.event)).toEqual(['remove', 'restore']);
    expect(
      await sql(
        'select v.version_number = (select max(version_number) from dag_version) as newest from dag_run join dag_version v using (version_id)',
      ),
    ).toEqual([{ newest: true }]);
  });
});

describe('allowedRunTypes', () => {
  it('refuses to make a run of another type', async () => {
    await parse(etl('task("a", () => 1);', '{ allowedRunTypes: ["scheduled"], schedule: "@daily" }'));
    await expect(trigger()).rejects.toThrow();
    expect(await sql('select 1 from dag_run')).toEqual([]);
  });
});
