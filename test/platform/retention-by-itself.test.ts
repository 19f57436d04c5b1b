// Goal: whatever can pile up goes by itself when its time is over, and nothing that is in use, or is just beginning to be, goes.
// Method: the settings' own pass over a real database and real folders; other connections hold the moment at which it matters.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId, systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { cleanRows, ROW_TABLES } from '#platform/db/queries/care/clean-rows.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { retireFile, saveParsedFile } from '#platform/db/queries/save-parsed-file.ts';
import { quietLogger } from '#platform/logger.ts';
import { clean } from '#platform/retention/clean.ts';
import { cleanLogs } from '#platform/retention/clean-logs.ts';
import { keepFolders, removeOldFiles } from '#platform/retention/keep-folders.ts';
import { keepRows } from '#platform/retention/keep-rows.ts';
import { cachesKeptMs, passEveryMs } from '#platform/retention/policy.ts';
import { makeTemporaryFolder } from '#platform/temporary-folder.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const sql = async <Row>(text: string, values: unknown[] = []) => (await database.db.pool.query(text, values)).rows as Row[];
const list = async (text: string) => (await sql<{ v: unknown }>(`select (${text}) as v from (select 1) x`)).map((row) => row.v)[0];
const deps = (change: Partial<Config> = {}) => ({
  config: testConfig(change),
  db: database.db,
  clock: systemClock,
  logger: quietLogger(),
});
const ageAll = async (table: string, column: string) => void (await sql(`update ${table} set ${column} = ${column} - interval '40 days'`));

/** A version of the DAG with this code, as the DAG processor saves it. */
const save = (code: string, file = 'etl') =>
  database.db.transaction('save', (tx) =>
    saveParsedFile(tx, {
      bundleName: 'dags-folder',
      filePath: `${file}.ts`,
      bundleVersion: null,
      bundle: { hash: code.padEnd(64, '0'), codeHash: code.padEnd(64, '0'), sdkHash: null, code },
      source: '',
      parseMs: 1,
      dags: [{ spec: aDagSpec(file, [aTask('a')]), versionId: newId(), contentHash: code, pausedAtCreation: false }],
    }),
  );

const run = (dagId = 'etl') => {
  const dagRunId = newId();
  const none = { logicalDate: null, dataIntervalStart: null, dataIntervalEnd: null, triggeringUser: null, note: null };
  return {
    dagRunId,
    dagId,
    runId: dagRunId,
    runType: 'manual' as const,
    runAfter: new Date(),
    conf: {},
    triggeredBy: 'test' as const,
    ...none,
  };
};

beforeEach(async () => {
  await sql('update dag set version_id = null');
  for (const table of ['dag_run', 'dag_version', 'dag', 'dag_bundle', 'asset_event', 'asset', 'service', 'session_token', 'audit_log'])
    await sql(`delete from ${table}`);
});

const versions = () => list(`select array_agg(content_hash order by content_hash) from dag_version`);
const bundles = () => list(`select array_agg(code order by code) from dag_bundle`);

describe('versions of DAGs and their code', () => {
  it('go when no run uses them and they are not the newest; a run keeps its own', async () => {
    for (const code of ['v1', 'v2']) {
      await save(code);
      await createDagRuns(database.db, [run()]);
    }
    await save('v3');
    await sql(`delete from dag_run where version_id = (select version_id from dag_version where content_hash = 'v1')`);
    await save('v4'); // replaces v3, which no run has used: its code stays behind
    expect(await bundles()).toEqual(['v1', 'v2', 'v3', 'v4']);
    await keepRows(deps());
    expect(await bundles()).toEqual(['v1', 'v2', 'v3', 'v4']);
    await ageAll('dag_version', 'created_at');
    await ageAll('dag_bundle', 'created_at');
    await keepRows(deps());
    expect(await versions()).toEqual(['v2', 'v4']);
    expect(await bundles()).toEqual(['v2', 'v4']);
  });

  it('go with the sdk of a Windlass from before, once no code imports it; the newest stays, imported or not', async () => {
    await sql(`insert into sdk_bundle (hash, source_key, modules, made_by, created_at) values
      ('imported', 'a', '{}', '0.1', now() - interval '90 days'), ('left', 'b', '{}', '0.2', now() - interval '80 days'),
      ('just_left', 'c', '{}', '0.3', now()), ('newest', 'd', '{}', '0.4', now() + interval '1 second')`);
    await sql(`insert into dag_bundle (hash, code, code_hash, sdk_hash) values ('h', 'code', 'h', 'imported')`);
    const sdks = () => list(`select array_agg(hash order by source_key) from sdk_bundle where made_by like '0._'`);
    await keepRows(deps());
    expect(await sdks()).toEqual(['imported', 'just_left', 'newest']);
    await sql(`delete from dag_bundle`);
    await sql(`update sdk_bundle set created_at = created_at - interval '40 days'`);
    await keepRows(deps());
    expect(await sdks()).toEqual(['newest']);
    await sql(`delete from sdk_bundle where made_by like '0._'`);
  });

  it('stay for ever when the settings say 0', async () => {
    await save('v1');
    await save('v2');
    await ageAll('dag_bundle', 'created_at');
    await keepRows(deps({ retentionLeftoversDays: 0, retentionVersionsDays: 0 }));
    expect(await bundles()).toEqual(['v1', 'v2']);
  });

  it('stay when a run or a file begins to use them at this moment', async () => {
    await save('v1');
    await createDagRuns(database.db, [run()]);
    await save('v2');
    await sql('delete from dag_run'); // v1 is unused now, and not the newest
    await ageAll('dag_version', 'created_at');
    await ageAll('dag_bundle', 'created_at');
    const before = new Date();
    const other = await database.db.pool.connect();
    // Held before the commit: a run of the old version, as a clear or a reset makes it, and a file that has the old code again.
    await other.query(`begin; insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by)
      select gen_random_uuid(), 'etl', 'late', 'manual', 'queued', version_id, 0, now(), 'test' from dag_version where content_hash = 'v1'`);
    expect(await cleanRows(database.db, 'dag_version', before)).toBe(0); // locked: left for the next time
    await other.query('commit');
    other.release();
    expect(await cleanRows(database.db, 'dag_version', before)).toBe(0);
    expect(await versions()).toEqual(['v1', 'v2']);
  });

  it('go with a DAG that no file has defined for long, and stay with one whose file has just gone, or that has runs', async () => {
    for (const dagId of ['gone', 'just_gone', 'has_runs']) await save(dagId, dagId);
    await createDagRuns(database.db, [run('has_runs')]);
    for (const dagId of ['gone', 'just_gone', 'has_runs'])
      await database.db.transaction('retire', (tx) => retireFile(tx, { bundleName: 'dags-folder', filePath: `${dagId}.ts` }));
    await ageAll('dag', 'last_parsed_at');
    await sql(`update dag set stale_since = stale_since - interval '40 days' where dag_id <> 'just_gone'`);
    await keepRows(deps());
    expect(await list('select array_agg(dag_id order by dag_id) from dag')).toEqual(['has_runs', 'just_gone']);
    await save('again', 'just_gone');
    expect(await list(`select stale_since from dag where dag_id = 'just_gone'`)).toBeNull();
  });
});

describe('events of assets', () => {
  it('that a DAG waits for go when a newer one of the same asset does as well; found assets go with their last event', async () => {
    await save('v1');
    await sql(`insert into asset (name, uri, is_active) values ('a', 'a', true), ('b', 'b', true)`);
    await sql(`insert into dag_asset_use (dag_id, kind, asset_name) values ('etl', 'schedule', 'a'), ('etl', 'schedule', 'b')`);
    await sql(
      `insert into asset_event (asset_id, partition_key) select asset_id, p from asset, (values (null), (null), ('x')) as v(p) where name = 'a'`,
    );
    await sql(`insert into asset_dag_event (dag_id, event_id) select 'etl', event_id from asset_event`);
    await sql(`insert into asset (name, uri, is_active, found_at_run) values ('dated', 'dated', true, true)`);
    await sql(`insert into asset_event (asset_id) select asset_id from asset where name = 'dated'`);
    for (const [table, column] of [
      ['asset_event', 'at'],
      ['asset_dag_event', 'queued_at'],
      ['asset', 'updated_at'],
    ] as const)
      await ageAll(table, column);
    await keepRows(deps({ retentionAssetEventsDays: 30 }));
    expect(
      await list(
        `select array_agg(coalesce(partition_key, '-') order by partition_key) from asset_dag_event join asset_event using (event_id)`,
      ),
    ).toEqual(['x', '-']);
    expect(await list('select array_agg(name order by name) from asset')).toEqual(['a', 'b']);
    expect(await list('select count(*)::int from asset_event')).toBe(2);
  });
});

describe('a pass', () => {
  it('forgets processes, sessions and audit after their own times', async () => {
    await sql(`insert into service (service_id, kind, hostname, pid, version, last_heartbeat_at) values
      ('lost', 'worker', 'h', 1, '1', now() - interval '2 days'), ('here', 'worker', 'h', 1, '1', now())`);
    await sql(
      `insert into audit_log (actor, action, at) values ('u', 'ancient', now() - interval '400 days'), ('u', 'old', now() - interval '300 days')`,
    );
    await keepRows(deps());
    expect(await list('select array_agg(service_id) from service')).toEqual(['here']);
    expect(await list('select array_agg(action) from audit_log')).toEqual(['old']);
  });

  it('comes as often as the shortest time needs', () => {
    expect(passEveryMs(testConfig())).toBe(3_600_000);
    expect(passEveryMs(testConfig({ retentionRunsDays: 1 / 1_440 }))).toBe(30_000);
    expect(passEveryMs(testConfig({ retentionRunsDays: 1e-9 }))).toBe(1_000);
  });

  it('that dies after any of its batches leaves a whole database, and the next one finishes the work', async () => {
    await save('v1');
    await createDagRuns(database.db, [run(), run(), run()]);
    await save('v2');
    await sql(`update dag_run set state = 'failed', ended_at = now() - interval '40 days', run_after = now() - interval '40 days'`);
    await createDagRuns(database.db, [run()]);
    await sql(`insert into audit_log (actor, action, at) values ('u', 'ancient', now() - interval '400 days')`);
    await ageAll('dag_version', 'created_at');
    await ageAll('dag_bundle', 'created_at');
    const { config, ...rest } = deps();
    const before = () => new Date(Date.now() - 86_400_000);
    let deaths = 0;
    for (let isDone = false; !isDone; ) {
      const dies = () => {
        deaths += 1;
        throw new Error('killed here');
      };
      isDone = await clean({ ...rest, logsFolder: config.logsFolder, before, progress: dies }).then(
        () => true,
        () => false,
      );
    }
    expect(deaths).toBe(4); // runs, audit, the version, its code
    expect(await versions()).toEqual(['v2']);
    expect(await bundles()).toEqual(['v2']);
    expect(await list('select count(*)::int from task_instance')).toBe(1);
  });

  it('finds what it looks for by an index where tables are large', async () => {
    await sql('analyze');
    const client = await database.db.pool.connect();
    try {
      await client.query('set enable_seqscan = off');
      for (const [table, forbidden] of [
        ['dag_version', /Seq Scan on dag_run/],
        ['dag_bundle', /Seq Scan on dag_version/],
        ['asset_event', /Seq Scan/],
        ['audit_log', /Seq Scan/],
      ] as const) {
        let text = '';
        await cleanRows(
          {
            query: async (statement, values) => {
              const plan = await client.query(`explain ${statement.text}`, values as unknown[]);
              text = plan.rows.map((row) => row['QUERY PLAN']).join('\n');
              return { rows: [], rowCount: 0 };
            },
          },
          table,
          new Date(),
        );
        expect(text, table).not.toMatch(forbidden);
      }
    } finally {
      client.release(true);
    }
  });

  it('looks at every table that could grow without a run', async () => {
    const tables = await sql<{ name: string; child: boolean }>(`
      select c.relname as name, exists (select 1 from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.confdeltype = 'c') as child
        from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`);
    // Rows that people, files or upgrades make one by one, and rows whose number is given: shards, pools, one of each.
    const bounded = [
      'app_user',
      'asset_alias',
      'connection',
      'import_error',
      'parsed_file',
      'plugin',
      'pool',
      'scheduler_shard',
      'variable',
      'schema_migration',
    ];
    // A trigger deletes these with their instance: a reference would be looked up for each row that is written.
    const history = ['task_attempt', 'task_instance_event', 'xcom'];
    const known = new Set<string>([...ROW_TABLES, ...bounded, ...history, 'dag_run']);
    expect(tables.filter(({ name, child }) => !child && !known.has(name)).map(({ name }) => name)).toEqual([]);
  });
});

describe('folders', () => {
  const put = (path: string, { bytes = 10, ageMs = 0 }: { bytes?: number; ageMs?: number }) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'x'.repeat(bytes));
    const at = new Date(Date.now() - ageMs);
    for (const one of [path, dirname(path), dirname(dirname(path))]) utimesSync(one, at, at);
  };
  const log = (config: Config, dag: string, runId: string, what: { bytes?: number; ageMs?: number }) =>
    put(join(config.logsFolder, `dag_id=${dag}`, `run_id=${runId}`, 'task_id=a', 'attempt=1.log'), what);
  const runsIn = (folder: string) =>
    readdirSync(folder)
      .flatMap((dag) => readdirSync(join(folder, dag)).map((name) => name.slice('run_id='.length)))
      .toSorted();
  const DAY = 86_400_000;

  it('of logs go by age, the DAG’s with its last run, and nothing else of the folder', async () => {
    const given = deps({ retentionLogsDays: 2 });
    log(given.config, 'd', 'old', { ageMs: 3 * DAY });
    log(given.config, 'd', 'new', { ageMs: DAY });
    log(given.config, 'e', 'only', { ageMs: 3 * DAY });
    put(join(given.config.logsFolder, 'windlass', 'scheduler.log'), { ageMs: 9 * DAY });
    await keepFolders(given);
    expect(readdirSync(given.config.logsFolder).toSorted()).toEqual(['dag_id=d', 'windlass']);
    expect(readdirSync(join(given.config.logsFolder, 'dag_id=d'))).toEqual(['run_id=new']);
  });

  it('of logs go by their size together, those that are quiet longest first, and never one that is being written', async () => {
    const { config } = deps();
    for (let n = 1; n <= 8; n++) log(config, 'd', `r${n}`, { bytes: 100_000, ageMs: n * 3_600_000 });
    log(config, 'd', 'busy', { bytes: 500_000 });
    const removed = await cleanLogs({ logsFolder: config.logsFolder, nowMs: Date.now(), keepMs: null, maxBytes: 1_000_000 });
    expect(runsIn(config.logsFolder)).toEqual(['busy', 'r1', 'r2', 'r3', 'r4']);
    expect(removed.runs).toBe(4);
    const again = await cleanLogs({ logsFolder: config.logsFolder, nowMs: Date.now(), keepMs: null, maxBytes: 100 });
    expect(runsIn(config.logsFolder)).toEqual(['busy']);
    expect(again.runs).toBe(4);
  });

  it('of scratch files go after their run has ended or was deleted, and stay while it lasts', async () => {
    const given = deps();
    await save('v1');
    const runs = { open: run(), ended: run(), recent: run() };
    await createDagRuns(database.db, Object.values(runs));
    await sql(`update dag_run set state = 'success', ended_at = now() - interval '8 days' where dag_run_id = $1`, [runs.ended.dagRunId]);
    await sql(`update dag_run set state = 'success', ended_at = now() - interval '1 day' where dag_run_id = $1`, [runs.recent.dagRunId]);
    // Frames that were brought for a run lie beside its folder.
    const ofRuns = Object.values(runs).flatMap((one) => [one.runId, `${one.runId}@frames`]);
    for (const name of [...ofRuns, 'deleted', 'deleted@frames', 'deleted_just_now'])
      put(join(given.config.scratchFolder, 'dag_id=etl', `run_id=${name}`, 'deep', 'file'), {
        ageMs: name === 'deleted_just_now' ? 0 : 9 * DAY,
      });
    await keepFolders(given);
    const kept = [runs.open.runId, runs.recent.runId].flatMap((runId) => [runId, `${runId}@frames`]);
    expect(runsIn(given.config.scratchFolder)).toEqual([...kept, 'deleted_just_now'].toSorted());
  });

  it('of code at hand lose the files that nobody has used for long, and what is empty then', async () => {
    const { config } = deps();
    put(join(config.dataFolder, 'old', 'deep', 'a.mjs'), { ageMs: 3 * DAY });
    put(join(config.dataFolder, 'b.mjs'), { ageMs: DAY });
    await removeOldFiles(config.dataFolder, Date.now() - 2 * DAY);
    expect(readdirSync(config.dataFolder)).toEqual(['b.mjs']);
    expect([cachesKeptMs(config), cachesKeptMs({ ...config, retentionLeftoversDays: 0 })]).toEqual([DAY, 7 * DAY]);
  });

  it('of a process that was killed go with the next one; those of living processes stay', async () => {
    const mine = makeTemporaryFolder('test');
    const script = `import { makeTemporaryFolder } from '${join(process.cwd(), 'platform/temporary-folder.ts')}'; console.log(makeTemporaryFolder('test')); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(child.stdout, 'data');
    const theirs = String(said).trim();
    makeTemporaryFolder('test');
    expect([mine, theirs].map((path) => existsSync(path))).toEqual([true, true]);
    child.kill('SIGKILL');
    await once(child, 'close');
    makeTemporaryFolder('test');
    expect([mine, theirs].map((path) => existsSync(path))).toEqual([true, false]);
  });

  it('of a scheduler that was killed go with a pass, though no other one starts here', async () => {
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'close');
    const left = ['bundles', 'plugins'].map((kind) => makeTemporaryFolder(kind).replace(`-${process.pid}-`, `-${gone.pid}-`));
    for (const path of left) mkdirSync(join(path, 'deep'), { recursive: true });
    await keepFolders(deps());
    expect(left.map((path) => existsSync(path))).toEqual([false, false]);
  });
});

it('a file that saves old code again at the moment its row goes is saved, with its code', async () => {
  await save('v1');
  await save('v2');
  await ageAll('dag_bundle', 'created_at');
  // The bundle is deleted, not committed yet; the file with the old code waits for it.
  let saving: Promise<unknown> | undefined;
  await database.db.transaction('clean', async (tx) => {
    expect(await cleanRows(tx, 'dag_bundle', new Date())).toBe(1);
    saving = save('v1');
    saving.catch(() => {});
    await until(
      async () => (await sql(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length,
      {
        what: 'the file waits for its code',
      },
    );
  });
  await saving;
  expect(await bundles()).toEqual(['v1', 'v2']);
  expect(await versions()).toEqual(['v1']);
});
