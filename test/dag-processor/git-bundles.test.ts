/** Goal: DAGs come from several folders and from git, each named by its bundle; what cannot be reached hides nothing. Real git. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '#platform/broker/broker.ts';
import { systemClock } from '#platform/clock.ts';
import { Secret } from '#platform/config/config.ts';
import { readBundles } from '#platform/config/dag-bundles.ts';
import { quietLogger } from '#platform/logger.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import { DagProcessor } from '../../scheduler/dag-processor/manager.ts';

let database: TestDatabase;
let testBroker: TestBroker;
let broker: Broker;
let repository: string;
let home: string;

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
  home = mkdtempSync(join(tmpdir(), 'windlass-git-'));
  repository = join(home, 'repository');
  mkdirSync(repository);
  git('init', '--quiet', '--initial-branch=main');
});
afterEach(async () => {
  rmSync(home, { recursive: true });
  await sql('update dag set version_id = null');
  for (const table of ['dag_version', 'dag', 'dag_bundle', 'import_error']) await sql(`delete from ${table}`);
});

async function sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.db.pool.query(text, values)).rows as Row[];
}

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: repository, encoding: 'utf8' }).trim();
}

function commit(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) write(join(repository, name), text);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'change');
  return git('rev-parse', 'HEAD');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const aDag = (id: string, body = 'task("a", () => 1);') =>
  `import { dag } from "windlass";\nexport default dag("${id}", {}, ({ task }) => {\n  ${body}\n});\n`;
const dags = () =>
  sql<{ dag_id: string; bundle_name: string; file_path: string; is_stale: boolean; bundle_version: string | null }>(
    `select d.dag_id, d.bundle_name, d.file_path, d.is_stale, v.bundle_version from dag d join dag_version v using (version_id) order by d.dag_id`,
  );
const errors = () =>
  sql<{ bundle_name: string; file_path: string; message: string }>('select bundle_name, file_path, message from import_error');

async function withProcessor(
  bundles: readonly object[],
  work: (processor: DagProcessor, dagsFolder: string) => Promise<void>,
  overrides = {},
): Promise<void> {
  const config = testConfig({ dagImportTimeoutMs: 20_000, dagImportMemoryMb: 128, dagBundles: JSON.stringify(bundles), ...overrides });
  const processor = new DagProcessor({ config, db: database.db, broker, clock: systemClock, logger: quietLogger() });
  try {
    await work(processor, config.dagsFolder);
  } finally {
    await processor.stop();
  }
}

describe('a git bundle', () => {
  it('gives the DAGs of its subfolder at its ref, with the commit as their version, and follows the branch', async () => {
    const first = commit({ 'dags/one.ts': aDag('one'), 'other/two.ts': aDag('two') });
    const bundle = { name: 'team', git: `file://${repository}`, ref: 'main', subdir: 'dags', refreshSeconds: 5 };
    await withProcessor([bundle], async (processor) => {
      await processor.runOnce();
      expect(await errors()).toEqual([]);
      expect(await dags()).toEqual([{ dag_id: 'one', bundle_name: 'team', file_path: 'one.ts', is_stale: false, bundle_version: first }]);
    });
    const second = commit({ 'dags/one.ts': aDag('one', 'task("b", () => 1);'), 'dags/three.ts': aDag('three') });
    await withProcessor([bundle], (processor) => processor.runOnce());
    expect((await dags()).map((row) => [row.dag_id, row.bundle_version])).toEqual([
      ['one', second],
      ['three', second],
    ]);
  });

  it('sees a new commit of its branch without a restart', async () => {
    commit({ 'one.ts': aDag('one') });
    await withProcessor([{ name: 'team', git: repository, ref: 'main', refreshSeconds: 5 }], async (processor) => {
      await processor.start();
      await until(async () => (await dags()).length === 1, { what: 'the first DAG', deadlineMs: 30_000 });
      commit({ 'two.ts': aDag('two') });
      await until(async () => (await dags()).length === 2, { what: 'the DAG of the new commit', deadlineMs: 30_000 });
    });
  });

  it('takes a tag, and a commit by its name', async () => {
    const first = commit({ 'one.ts': aDag('one') });
    git('tag', 'v1');
    commit({ 'one.ts': aDag('later') });
    for (const ref of ['v1', first]) {
      await withProcessor([{ name: `at-${ref.slice(0, 4)}`, git: `file://${repository}`, ref }], (processor) => processor.runOnce());
      expect((await dags()).filter((row) => !row.is_stale).map((row) => [row.dag_id, row.bundle_version])).toEqual([['one', first]]);
    }
  });

  it('does not follow links of the repository out of it', async () => {
    write(join(home, 'outside.ts'), aDag('outside'));
    symlinkSync(join(home, 'outside.ts'), join(repository, 'link.ts'));
    commit({ 'one.ts': aDag('one') });
    await withProcessor([{ name: 'team', git: repository }], (processor) => processor.runOnce());
    expect((await dags()).map((row) => row.dag_id)).toEqual(['one']);
  });

  it.each([
    ['a ref it does not have', () => ({ git: `file://${repository}`, ref: 'nowhere' }), /it has no branch, tag or commit "nowhere"/],
    ['a place without a repository', () => ({ git: join(home, 'empty') }), /there is no git repository at that place/],
    ['a host that does not exist', () => ({ git: 'https://no-such-host.invalid/x.git' }), /its host cannot be found/],
    ['a subfolder it does not have', () => ({ git: repository, subdir: 'absent' }), /has no folder absent at HEAD/],
  ])('says as an import error that it has %s, and hides nothing', async (_, change, message) => {
    commit({ 'one.ts': aDag('one') });
    await withProcessor([{ name: 'team', git: repository }], (processor) => processor.runOnce());
    await withProcessor([{ name: 'team', ...change() }], (processor) => processor.runOnce());
    expect(await errors()).toEqual([{ bundle_name: 'team', file_path: '.', message: expect.stringMatching(message) }]);
    expect(await dags()).toMatchObject([{ dag_id: 'one', is_stale: false }]);
    await withProcessor([{ name: 'team', git: repository }], (processor) => processor.runOnce());
    expect(await errors()).toEqual([]);
  });

  it('sends the credentials of its connection to its host, and shows them nowhere', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization);
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const connections = new Map([['git_team', new Secret('https://robot:s3cr3t-t0ken@host')]]);
    try {
      const bundle = { name: 'team', git: `http://127.0.0.1:${port}/x.git`, connection: 'git_team' };
      await withProcessor([bundle], (processor) => processor.runOnce(), { connections });
    } finally {
      server.close();
    }
    expect(asked[0]).toBe(`Basic ${Buffer.from('robot:s3cr3t-t0ken').toString('base64')}`);
    const [error] = await errors();
    expect(error?.message).toMatch(/the credentials were refused/);
    expect(JSON.stringify(error)).not.toMatch(/s3cr3t|cm9ib3Q/);
  });
});

describe('several bundles', () => {
  it('may define different DAGs in files of the same name, and one DAG only once', async () => {
    const folder = join(home, 'folder');
    write(join(folder, 'etl.ts'), aDag('theirs'));
    write(join(folder, 'same.ts'), aDag('ours'));
    await withProcessor([{ name: 'team-b', path: folder }], async (processor, dagsFolder) => {
      write(join(dagsFolder, 'etl.ts'), aDag('ours'));
      await processor.runOnce();
      await processor.runOnce();
      expect((await dags()).map((row) => [row.dag_id, row.bundle_name])).toEqual([
        ['ours', expect.any(String)],
        ['theirs', 'team-b'],
      ]);
      expect(await errors()).toMatchObject([
        { message: expect.stringMatching(/DAG "ours" is defined in \w+\.ts of the bundle [\w-]+ already/) },
      ]);
    });
  });

  it('hide nothing while a folder is away, and what a bundle had that is configured no more', async () => {
    const folder = join(home, 'folder');
    write(join(folder, 'etl.ts'), aDag('theirs'));
    await withProcessor([{ name: 'team-b', path: folder }], async (processor) => {
      await processor.runOnce();
      renameSync(folder, `${folder}-away`);
      await processor.runOnce();
      expect(await dags()).toMatchObject([{ is_stale: false }]);
      expect(await errors()).toMatchObject([{ bundle_name: 'team-b', message: expect.stringContaining('is not there') }]);
      renameSync(`${folder}-away`, folder);
      await processor.runOnce();
      expect(await errors()).toEqual([]);
    });
    await withProcessor([], (processor) => processor.runOnce());
    expect(await dags()).toMatchObject([{ is_stale: true }]);
  });
});

describe('the setting WINDLASS_DAG_BUNDLES', () => {
  const read = (text: string) => () => readBundles({ dagBundles: text, dagsFolder: '/dags' });

  it.each([
    ['{', /is no JSON/],
    ['{"name": "a"}', /must be a JSON list/],
    ['[{"name": "a b", "path": "/x"}]', /Use letters, digits/],
    ['[{"name": "a", "path": "x"}]', /path must be absolute/],
    ['[{"name": "a", "path": "/x"}, {"name": "a", "path": "/y"}]', /two bundles with the name "a"/],
    ['[{"name": "dags-folder", "path": "/x"}]', /two bundles with the name "dags-folder"/],
    ['[{"name": "a", "git": "https://h/x.git", "subdri": "d"}]', /Did you mean subdir/],
    ['[{"name": "a", "git": "https://me:pw@h/x.git"}]', /git holds a password/],
    ['[{"name": "a", "git": "ext::sh -c touch% /tmp/x"}]', /git must be a URL/],
    ['[{"name": "a", "git": "https://h/x.git", "ref": "--upload-pack=x"}]', /is no branch, tag or commit/],
    ['[{"name": "a", "git": "https://h/x.git", "subdir": "../x"}]', /inside of the repository/],
  ])('refuses %s in words', (text, message) => {
    expect(read(text)).toThrow(message);
  });

  it('has the dags folder first', () => {
    expect(read('[{"name": "a", "path": "/x"}]')().map((bundle) => bundle.name)).toEqual(['dags-folder', 'a']);
  });
});
