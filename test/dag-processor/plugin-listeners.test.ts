// Goal: plugins hear what happens, at least once, and whatever they do wrong stays theirs and is named. Real Postgres,
// whose triggers write what is to be heard; real caged processes.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '#platform/broker/broker.ts';
import { systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { saveImportError } from '#platform/db/queries/save-import-error.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
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
  config = testConfig({ dagImportTimeoutMs: 10_000 });
  host = makeHost();
});
afterEach(async () => {
  await host.stop();
  for (const table of ['plugin', 'plugin_event', 'import_error', 'service', 'dag']) await sql(`delete from ${table}`);
});

function makeHost(): PluginHost {
  const logger = pino({ level: 'info' }, { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) });
  return new PluginHost({ config, db: database.db, broker, clock: systemClock, logger });
}
async function sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.db.pool.query(text, values)).rows as Row[];
}
function save(name: string, options: string, before = ''): void {
  writeFileSync(
    join(config.pluginsFolder, `${name}.ts`),
    `import { definePlugin } from "windlass";\n${before}\nexport default definePlugin({ name: "${name}", ${options} });\n`,
  );
}
const breakFile = (message: string) =>
  saveImportError(database.db, { bundleName: 'dags-folder', filePath: 'broken.ts', message, stack: message, line: 3, column: null });
const heard = async (text: string) => {
  await until(
    async () => {
      await host.hear();
      return said.some((line) => line.includes(text));
    },
    { what: `a plugin said ${text}`, deadlineMs: 20_000 },
  );
};
const waiting = async () =>
  (await sql<{ plugin: string; listener: string }>('select plugin, listener from plugin_event order by event_id')).map(
    (row) => `${row.plugin}: ${row.listener}`,
  );
async function fault(name: string): Promise<{ faults: number; last_fault: string | null } | undefined> {
  await host.hear();
  return (await sql<{ faults: number; last_fault: string | null }>('select faults, last_fault from plugin where name = $1', [name]))[0];
}

async function aRun(): Promise<{ dagRunId: string; taskInstanceId: string }> {
  const [dagRunId, taskInstanceId] = [crypto.randomUUID(), crypto.randomUUID()];
  await sql(`insert into dag_bundle (hash, code) values ('none', '') on conflict do nothing`);
  await sql(`insert into dag (dag_id, file_path, is_paused, shard) values ('d', 'd.ts', false, 0)`);
  const versionId = crypto.randomUUID();
  await sql(
    `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path) values ($1, 'd', 1, 'x', 'none', '{}', '', 'd.ts')`,
    [versionId],
  );
  await sql(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, conf, triggered_by)
     values ($1, 'd', 'r', 'manual', 'queued', $2, 0, clock_timestamp(), '{}', 'test')`,
    [dagRunId, versionId],
  );
  await sql(
    `insert into task_instance (task_instance_id, dag_run_id, task_id, state, try_number, max_tries, operator, queue, pool, pool_slots, priority_weight)
     values ($1, $2, 't', 'none', 0, 0, 'bash', 'default', 'default_pool', 1, 1)`,
    [taskInstanceId, dagRunId],
  );
  return { dagRunId, taskInstanceId };
}

describe('listeners', () => {
  it('hear of runs, task instances, import errors and processes, in the words of the SDK', async () => {
    const all = [
      'onDagRunRunning',
      'onDagRunFailed',
      'onTaskInstanceSuccess',
      'onTaskInstanceSkipped',
      'onNewDagImportError',
      'onExistingDagImportError',
      'onStarting',
      'beforeStopping',
    ];
    save('own', `listeners: { ${all.map((name) => `${name}: (event) => console.log("${name}", JSON.stringify(event))`).join(', ')} }`);
    await host.runOnce();
    const { dagRunId, taskInstanceId } = await aRun();
    await sql(`update dag_run set state = 'running', started_at = clock_timestamp() where dag_run_id = $1`, [dagRunId]);
    await sql(
      `insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
       values ($1, 'succeed', 'running', 'success', 2, 1, 'worker', null), ($1, 'skip', 'running', 'skipped', 2, 1, 'worker', 'nothing to do'),
              ($1, 'start', 'queued', 'running', 2, 1, 'worker', null)`,
      [taskInstanceId],
    );
    await sql(`update dag_run set state = 'failed', ended_at = clock_timestamp(), reason = 'a task failed' where dag_run_id = $1`, [
      dagRunId,
    ]);
    await breakFile('first');
    await breakFile('first');
    await breakFile('second');
    const process = { serviceId: 's', kind: 'worker', hostname: 'h', pid: 1, version: '1' } as const;
    await saveService(database.db, process);
    await saveService(database.db, process);
    await saveService(database.db, { ...process, stopped: true });
    await heard('own.ts: beforeStopping {');
    const lines = said.filter((line) => line.startsWith('plugins/own.ts: ')).map((line) => line.replace('plugins/own.ts: ', ''));
    const told = Object.fromEntries(lines.map((line) => [line.split(' ')[0], JSON.parse(line.slice(line.indexOf('{')))]));
    expect(told).toEqual({
      onDagRunRunning: { dagId: 'd', runId: 'r', runType: 'manual', reason: null },
      onDagRunFailed: { dagId: 'd', runId: 'r', runType: 'manual', reason: 'a task failed' },
      onTaskInstanceSuccess: {
        dagId: 'd',
        runId: 'r',
        runType: 'manual',
        taskId: 't',
        mapIndex: -1,
        tryNumber: 2,
        operator: 'bash',
        reason: null,
      },
      onTaskInstanceSkipped: expect.objectContaining({ reason: 'nothing to do' }),
      onNewDagImportError: { filePath: 'broken.ts', message: 'first', line: 3 },
      onExistingDagImportError: { filePath: 'broken.ts', message: 'second', line: 3 },
      onStarting: { component: 'worker', serviceId: 's', hostname: 'h' },
      beforeStopping: { component: 'worker', serviceId: 's', hostname: 'h' },
    });
    await until(async () => (await waiting()).length === 0, { what: 'what was heard is gone' });
  });

  it('hear of assets and their events', async () => {
    const all = ['onAssetCreated', 'onAssetAliasCreated', 'onAssetChanged'];
    save('own', `listeners: { ${all.map((name) => `${name}: (event) => console.log("${name}", JSON.stringify(event))`).join(', ')} }`);
    await host.runOnce();
    await sql(`insert into asset (name, uri) values ('orders', 's3://orders')`);
    await sql(`insert into asset_alias (name) values ('latest')`);
    await sql(
      `insert into asset_event (asset_id, extra, source_dag_id) select asset_id, '{"rows": 3}', 'd' from asset where name = 'orders'`,
    );
    await heard('own.ts: onAssetChanged {"uri":"s3://orders","name":"orders","extra":{"rows":3},"sourceDagId":"d"');
    expect(said.join('\n')).toContain('onAssetCreated {"uri":"s3://orders","name":"orders"}');
    expect(said.join('\n')).toContain('onAssetAliasCreated {"name":"latest"}');
    await sql('delete from asset');
    await sql('delete from asset_alias');
  });

  it('write nothing down that nobody listens to', async () => {
    save('own', 'listeners: { onDagRunSuccess: () => {} }');
    await host.runOnce();
    await breakFile('broken');
    expect(await waiting()).toEqual([]);
  });

  it('hear later what happened while no scheduler ran', async () => {
    save('own', 'listeners: { onNewDagImportError: (event) => console.log("late", event.message) }');
    await host.runOnce();
    await host.stop();
    await breakFile('while away');
    expect(await waiting()).toEqual(['own: onNewDagImportError']);
    host = makeHost();
    await host.runOnce();
    await heard('late while away');
  });

  it('that throw are done with the event, and named with what they threw', async () => {
    save('own', 'listeners: { onNewDagImportError: () => { throw new Error("deaf"); } }');
    save('other', 'listeners: { onNewDagImportError: () => console.log("heard all the same") }');
    await host.runOnce();
    await breakFile('broken');
    await heard('heard all the same');
    await until(async () => (await fault('own'))?.last_fault?.includes('onNewDagImportError failed: deaf') === true, {
      what: 'the fault of own',
    });
    expect(await fault('other')).toEqual({ faults: 0, last_fault: null });
    await until(async () => (await waiting()).length === 0, { what: 'the event is done with' });
  });

  it('that end their process are told again in a fresh one, three times at most', async () => {
    save('own', 'listeners: { onNewDagImportError: () => process.exit(7) }');
    await host.runOnce();
    await breakFile('broken');
    await until(
      async () => {
        await sql(`update plugin_event set taken_until = '-infinity'`);
        await host.hear();
        return (await waiting()).length === 0;
      },
      { what: 'the event is given up', deadlineMs: 30_000 },
    );
    await until(async () => (await fault('own'))?.last_fault?.includes('exit code 7') === true, { what: 'the fault names the end' });
  });

  it('that print without end are cut, named, and do not hold up others', async () => {
    save('own', 'listeners: { onNewDagImportError: () => { for (let i = 0; i < 5000; i++) console.log("line", i); } }');
    save('other', 'listeners: { onNewDagImportError: () => console.log("still heard") }');
    await host.runOnce();
    await breakFile('broken');
    await heard('still heard');
    await until(async () => (await fault('own'))?.last_fault?.includes('more than 20 lines a second') === true, {
      what: 'the flood is named',
    });
    expect(said.filter((line) => line.startsWith('plugins/own.ts: line')).length).toBeLessThan(500);
  });

  it('see no credentials and cannot write', async () => {
    const probe = `let problem = ""; try { writeFileSync("/tmp/windlass-plugin-wrote", "x"); } catch (error) { problem = (error as Error).message; }
      console.log("probe", JSON.stringify(Object.keys(process.env).filter((name) => /WINDLASS|DATABASE|REDIS|SECRET/.test(name))), problem);`;
    save('own', `listeners: { onNewDagImportError: () => { ${probe} } }`, 'import { writeFileSync } from "node:fs";');
    await host.runOnce();
    await breakFile('broken');
    await heard('probe [] Access to this API has been restricted');
  });
});

describe('a priority strategy', () => {
  const task = {
    dagId: 'd',
    taskId: 't',
    priorityWeight: 3,
    operator: 'bash',
    groupId: null,
    upstream: [],
    retries: 0,
    queue: 'default',
    pool: 'default_pool',
  };

  it('is found by its name and weighs tasks', async () => {
    save('own', 'priorityStrategies: { doubled: (task) => task.priorityWeight * 2 }');
    await host.runOnce();
    expect(await host.weigh('doubled', [task, { ...task, priorityWeight: 5 }])).toEqual([6, 10]);
    await expect(host.weigh('trebled', [task])).rejects.toThrow(/No plugin offers the priority strategy "trebled". There are: doubled/);
  });

  it.each([
    ['throws', 'throw new Error("no idea")', /no idea \(plugins\/own.ts\)/],
    ['answers no number', 'return "heavy" as never', /must return a number for task "t"/],
    ['hangs', 'for (;;);', /did not answer within 5 s \(plugins\/own.ts\)/],
  ])('that %s is named', async (_name, body, words) => {
    save('own', `priorityStrategies: { bad: () => { ${body} } }`);
    await host.runOnce();
    await expect(host.weigh('bad', [task])).rejects.toThrow(words);
    await host.hear();
    expect((await fault('own'))?.last_fault).toMatch(words);
  });
});

it('the faults of a plugin are forgotten when it changes', async () => {
  save('own', 'priorityStrategies: { bad: () => { throw new Error("x"); } }');
  await host.runOnce();
  await expect(host.weigh('bad', [{} as never])).rejects.toThrow();
  await host.hear();
  expect((await fault('own'))?.faults).toBe(1);
  save('own', 'priorityStrategies: { good: () => 1 }');
  await host.runOnce();
  expect(await fault('own')).toEqual({ faults: 0, last_fault: null });
  rmSync(join(config.pluginsFolder, 'own.ts'));
});
