/** Goal: plugins serve the scheduler without ever running in it. Real caged processes, the shipped example among them. */
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Broker } from '#platform/broker/broker.ts';
import { systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { PluginHost } from '../../scheduler/dag-processor/plugin-host.ts';

let database: TestDatabase;
let testBroker: TestBroker;
let broker: Broker;
let config: Config;
let host: PluginHost;
let said: string[];

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
  said = [];
  config = testConfig({ dagImportTimeoutMs: 3_000 });
  const logger = pino({ level: 'info' }, { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) });
  host = new PluginHost({ config, db: database.db, broker, clock: systemClock, logger });
});
afterEach(async () => {
  await host.stop();
  await database.db.pool.query('delete from plugin');
});

function save(name: string, options: string, before = ''): void {
  writeFileSync(
    join(config.pluginsFolder, `${name}.ts`),
    `import { definePlugin } from "windlass";\n${before}\nexport default definePlugin({ name: "${name}", ${options} });\n`,
  );
}

const rows = async () =>
  (await database.db.pool.query('select name, file_path, provides, error from plugin order by name')).rows as Record<string, unknown>[];
const at = (text: string) => Date.parse(text);
const question = {
  args: null,
  lastLogicalDateMs: null,
  nowMs: at('2026-11-23T12:00:00Z'),
  startDateMs: null,
  endDateMs: null,
  catchup: false,
};
const daily = `timetables: { daily: { nextRun: (after) => {
  const end = new Date(Math.floor(after.getTime() / 86400000 + 1) * 86400000);
  return { intervalStart: new Date(end.getTime() - 86400000), intervalEnd: end };
} } }`;

it('loads the shipped example, records it, and plans workdays', async () => {
  copyFileSync('plugins/workdays.ts', join(config.pluginsFolder, 'workdays.ts'));
  await host.runOnce();
  expect(await rows()).toMatchObject([
    {
      name: 'workdays',
      file_path: 'workdays.ts',
      provides: {
        tasks: ['waitForWorkday'],
        macros: ['isWorkday'],
        timetables: ['workdays'],
        listeners: ['onDagRunFailed'],
        sensors: [],
        secrets: [],
      },
      error: null,
    },
  ]);
  const friday = at('2026-11-20T06:00:00Z');
  const run = await host.nextRun({
    ...question,
    name: 'workdays',
    args: { at: '06:00', holidays: ['2026-11-23'] },
    lastLogicalDateMs: friday,
  });
  expect(run).toEqual({
    logicalDateMs: at('2026-11-24T06:00:00Z'),
    intervalStartMs: friday,
    intervalEndMs: at('2026-11-24T06:00:00Z'),
    runAfterMs: at('2026-11-24T06:00:00Z'),
  });
});

it('without catchup plans only the newest missed run, with catchup the first', async () => {
  save('own', daily);
  await host.runOnce();
  const asked = { ...question, name: 'daily', lastLogicalDateMs: at('2026-11-01T00:00:00Z') };
  expect((await host.nextRun(asked))?.logicalDateMs).toBe(at('2026-11-23T00:00:00Z'));
  expect((await host.nextRun({ ...asked, catchup: true }))?.logicalDateMs).toBe(at('2026-11-02T00:00:00Z'));
  expect((await host.nextRun({ ...question, name: 'daily' }))?.logicalDateMs).toBe(at('2026-11-24T00:00:00Z'));
  expect((await host.nextRun({ ...question, name: 'daily', startDateMs: at('2026-11-30T00:00:00Z') }))?.logicalDateMs).toBe(
    at('2026-11-30T00:00:00Z'),
  );
  expect(await host.nextRun({ ...asked, endDateMs: at('2026-11-10T00:00:00Z') })).toBeNull();
});

it('a timetable that hangs is ended, and the next question is answered by a fresh process', { timeout: 20_000 }, async () => {
  save('own', `timetables: { hang: { nextRun: () => { for (;;); } }, never: { nextRun: () => null } }`);
  await host.runOnce();
  await expect(host.nextRun({ ...question, name: 'hang' })).rejects.toThrow(/"hang" did not answer within 5 s/);
  expect(await host.nextRun({ ...question, name: 'never' })).toBeNull();
});

it.each([
  ['throws', 'throw new Error("no calendar")', /no calendar/],
  ['ends its process', 'process.exit(3)', /process ended \(exit code 3\)/],
  ['does not advance', 'return { intervalStart: new Date(0), intervalEnd: new Date(0) }', /is not after/],
  ['answers nonsense', 'return { intervalStart: 1, intervalEnd: 2 }', /valid Dates/],
])('a timetable that %s says so', async (_name, body, message) => {
  save('own', `timetables: { bad: { nextRun: () => { ${body}; } } } as never`);
  await host.runOnce();
  await expect(host.nextRun({ ...question, name: 'bad' })).rejects.toThrow(message);
});

it('an unknown timetable names those that exist', async () => {
  save('own', daily);
  await host.runOnce();
  await expect(host.nextRun({ ...question, name: 'dayly' })).rejects.toThrow(/No plugin offers the timetable "dayly". There are: daily/);
});

it('broken plugins are recorded with their cause while the others work', async () => {
  save('own', daily);
  save('twin', daily);
  writeFileSync(join(config.pluginsFolder, 'syntax.ts'), 'export default definePlugin({\n  name: ;\n');
  writeFileSync(join(config.pluginsFolder, 'plain.ts'), 'export const x = 1;\n');
  save('hang', '', 'for (;;);');
  await host.runOnce();
  const broken = Object.fromEntries((await rows()).map((row) => [row['name'], row['error']]));
  expect(broken).toEqual({
    own: null,
    twin: expect.stringContaining('timetable "daily" is defined in own.ts already'),
    syntax: expect.stringContaining('syntax.ts:2: Unexpected ";"'),
    plain: expect.stringContaining('no plugin as its default export'),
    hang: expect.stringContaining('was not imported within 3 s'),
  });
  expect(await host.nextRun({ ...question, name: 'daily' })).not.toBeNull();
});

it('a changed plugin is loaded again and a removed one forgotten', async () => {
  save('own', daily);
  await host.runOnce();
  save('own', daily.replace('daily', 'nightly'));
  await host.runOnce();
  expect(await host.nextRun({ ...question, name: 'nightly' })).not.toBeNull();
  rmSync(join(config.pluginsFolder, 'own.ts'));
  await host.runOnce();
  expect(await rows()).toEqual([]);
});
