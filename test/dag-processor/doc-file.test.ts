// Goal: `docMd: "x.md"` shows the text of that file, keeps up with it, and reads no other files. Real Postgres and children.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '#platform/broker/broker.ts';
import { systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { quietLogger } from '#platform/logger.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
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
  config = testConfig({ dagImportTimeoutMs: 20_000 });
  processor = new DagProcessor({ config, db: database.db, broker, clock: systemClock, logger: quietLogger() });
});
afterEach(() => processor.stop());

function save(name: string, text: string): void {
  mkdirSync(join(config.dagsFolder, name, '..'), { recursive: true });
  writeFileSync(join(config.dagsFolder, name), text);
}
const aDag = (id: string, docMd: string) =>
  `import { dag } from 'windlass';\nexport default dag('${id}', { docMd: '${docMd}' }, ({ task }) => { task('a', () => 1); });\n`;
async function docOf(dagId: string): Promise<string | undefined> {
  const { rows } = await database.db.pool.query(
    "select v.spec ->> 'docMd' as doc from dag d join dag_version v using (version_id) where d.dag_id = $1",
    [dagId],
  );
  return (rows[0] as { doc: string } | undefined)?.doc;
}
async function errors(): Promise<readonly string[]> {
  return (await database.db.pool.query('select message from import_error order by file_path')).rows.map(
    (row: { message: string }) => row.message,
  );
}

describe('docMd with the path of a file', () => {
  it('is the text of the file beside the DAG, and follows its changes', async () => {
    save('team/sales.ts', aDag('documented', 'sales.md'));
    save('team/sales.md', '# Sales\nOnce a day.');
    await processor.runOnce();
    expect(await errors()).toEqual([]);
    expect(await docOf('documented')).toBe('# Sales\nOnce a day.');
    save('team/sales.md', '# Sales\nTwice a day.');
    await processor.runOnce();
    expect(await docOf('documented')).toBe('# Sales\nTwice a day.');
  });

  it('is an error in words until the file is there', async () => {
    save('missing.ts', aDag('undocumented', 'docs/missing.md'));
    await processor.runOnce();
    expect(await errors()).toEqual([expect.stringContaining('names the file "docs/missing.md", which does not exist beside the DAG file')]);
    save('docs/missing.md', 'There.');
    await processor.runOnce();
    expect(await errors()).toEqual([]);
    expect(await docOf('undocumented')).toBe('There.');
  });

  it('reads nothing outside of the dags folder', async () => {
    const outside = join(config.dagsFolder, '..', `secret-${process.pid}.md`);
    writeFileSync(outside, 'a secret');
    save('climbs.ts', aDag('climbs', `../secret-${process.pid}.md`));
    save('links.ts', aDag('links', 'link.md'));
    symlinkSync(outside, join(config.dagsFolder, 'link.md'));
    await processor.runOnce();
    rmSync(outside);
    expect(await errors()).toEqual([
      expect.stringContaining('outside of the dags folder'),
      expect.stringContaining('outside of the dags folder'),
    ]);
    expect(await docOf('climbs')).toBeUndefined();
  });

  it('leaves a text that only mentions a file alone', async () => {
    save('text.ts', aDag('text', 'See **readme.md** of the team'));
    await processor.runOnce();
    expect(await docOf('text')).toBe('See **readme.md** of the team');
  });
});
