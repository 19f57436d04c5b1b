// Goal: the command line is kind to mistakes and safe to pipe. Method: the real bin, no database.
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { buildProgram } from '../../cli/main.ts';
import { makeProject, removeProject, windlass } from '../support/windlass-process.ts';

// Each command is a process of its own: seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('mistakes', () => {
  test.for([
    [['dgas'], /unknown command 'dgas'[\s\S]*Did you mean dags/],
    [['dags', 'lst'], /unknown command 'lst'[\s\S]*Did you mean list/],
    [['version', '--jsn'], /unknown option '--jsn'[\s\S]*Did you mean --json/],
    [['dags', 'show'], /missing required argument 'dag_id'/],
    [['worker', '--slots', '0'], /--slots must be a whole number from 1 to 1000, but is "0"/],
    [['worker', '--queues', 'a,,b'], /--queues has "", which is no name of a queue/],
    [['dags', 'trigger', 'x', '--conf', '{'], /--conf must be a JSON object, but cannot be parsed/],
    [
      ['dags', 'trigger', 'x', '--conf', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
      /--conf cannot be stored: .*deeper than 200 levels/,
    ],
    [['dags', 'trigger', 'x', '--conf', '[1]'], /--conf must be a JSON object such as/],
    [['dags', 'trigger', 'x', '--logical-date', 'tomorrow'], /--logical-date must be an ISO-8601 instant/],
    [['config', 'list', '-o', 'xml'], /There is no output format "xml". Use one of: table, json, yaml, plain/],
    [['users', 'create', '-u', 'ada'], /required option '-r, --role <role>' not specified/],
  ] as const)('windlass %s is refused with the next step', async ([args, message]) => {
    const { code, stdout, stderr } = await windlass(args);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test('a command that needs a database says how to get one', async () => {
    const folder = makeProject();
    const { code, stdout, stderr } = await windlass(['dags', 'list', '--json'], { folder });
    expect(stderr).toMatch(/CONFIG_INVALID: There is no database to talk to.*npm start.*DATABASE_URL=/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(code).toBe(1);
    removeProject(folder);
  });

  test('a database that does not answer is named as the reason, without its password', async () => {
    const environment = { DATABASE_URL: 'postgres://windlass:s3cret-pass@127.0.0.1:1/windlass' };
    const { code, stderr } = await windlass(['dags', 'list', '--verbose'], { environment });
    expect(stderr).toMatch(/DATABASE_UNAVAILABLE: The database cannot be reached.*Check DATABASE_URL/);
    expect(stderr).toMatch(/\n\s+at /); // --verbose shows the stack
    expect(stderr).not.toContain('s3cret-pass');
    expect(code).toBe(1);
  });

  test('a mistyped setting is named with the one that was meant', async () => {
    const { code, stderr } = await windlass(['config', 'list'], { environment: { WINDLASS_WEB_PRT: '1' } });
    expect(stderr).toMatch(/WINDLASS_WEB_PRT is no setting of Windlass. Did you mean WINDLASS_WEB_PORT/);
    expect(code).toBe(1);
  });

  test('db reset does nothing without --yes', async () => {
    const { code, stderr } = await windlass(['db', 'reset'], { environment: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x' } });
    expect(stderr).toMatch(/If you mean it: windlass db reset --yes/);
    expect(code).toBe(1);
  });
});

describe('output', () => {
  test('version is the one of package.json', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect((await windlass(['version'])).stdout).toBe(`${version}\n`);
    expect(JSON.parse((await windlass(['version', '--json'])).stdout)).toMatchObject({ version });
  });

  test('config list shows every setting, where it comes from, and no secret', async () => {
    const environment = { DATABASE_URL: 'postgres://a:s3cret-pass@b/c', WINDLASS_WEB_PORT: '9090' };
    const { code, stdout } = await windlass(['config', 'list', '--json'], { environment });
    const rows = JSON.parse(stdout) as { name: string; value: unknown; source: string }[];
    expect(rows.find((row) => row.name === 'WINDLASS_WEB_PORT')).toMatchObject({ value: 9090, source: 'environment' });
    expect(rows.find((row) => row.name === 'WINDLASS_WORKER_SLOTS')).toMatchObject({ source: 'default' });
    expect(rows.find((row) => row.name === 'DATABASE_URL')).toMatchObject({ value: '***' });
    expect(stdout).not.toContain('s3cret-pass');
    expect(code).toBe(0);
  });

  test('every list takes --json and -o, as Airflow does', () => {
    const leaves = buildProgram().commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]));
    const lists = leaves.filter((command) => /^(list|states-for|next-execution|show|version)/.test(command.name()));
    expect(lists.length).toBeGreaterThanOrEqual(9);
    for (const command of lists)
      expect(command.options.map((option) => option.long)).toEqual(expect.arrayContaining(['--json', '--output']));
  });
});

describe('dags next-execution', () => {
  const next = async (...args: string[]) => {
    const { code, stdout, stderr } = await windlass(['dags', 'next-execution', ...args, '--json']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return JSON.parse(stdout) as string[];
  };

  test('prints UTC instants, strictly after the given one', async () => {
    expect(await next('--cron', '0 6 * * *', '--tz', 'Europe/Berlin', '--after', '2026-03-28T05:00:00Z', '-n', '2')).toEqual([
      '2026-03-29T04:00:00.000Z', // summer time has begun
      '2026-03-30T04:00:00.000Z',
    ]);
  });

  test('takes presets, and instants without an offset as UTC', async () => {
    expect(await next('--cron', '@monthly', '--after', '2026-12-01')).toEqual(['2027-01-01T00:00:00.000Z']);
  });

  test('refuses what is no cron expression, no zone, or too little to go on', async () => {
    const mistakes: readonly (readonly [args: readonly string[], message: RegExp])[] = [
      [['--cron', '61 * * * *'], /SCHEDULE_INVALID.*61 \* \* \* \*/],
      [['--cron', '@daily', '--tz', 'Mars/Olympus'], /Mars\/Olympus/],
      [[], /Give a DAG id, or a schedule/],
      [['x', '--cron', '@daily'], /either a DAG id or --cron/],
    ];
    await Promise.all(
      mistakes.map(async ([args, message]) => expect((await windlass(['dags', 'next-execution', ...args])).stderr).toMatch(message)),
    );
  });
});
