/**
 * Goal: a data folder that standalone cannot work with is named, with why and what to do, and is left exactly as it was. Method: the
 * command over folders of every wrong kind; what only a disk can say is given as the operating system says it.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readConfig } from '#platform/config/config.ts';
import { explainFileError } from '../../cli/standalone/explain-file-error.ts';
import { STACK, say } from './say.ts';

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-doors-'));
  chmodSync(folder, 0o755);
  data = join(folder, 'data');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SECRETS_FILE = JSON.stringify({
  instanceId: 'x',
  postgresPassword: 'hunter2',
  warehousePassword: 'hunter2',
  secretKey: 'hunter2'.repeat(5),
});
const write = (path: string, text = '') => {
  mkdirSync(join(data, path, '..'), { recursive: true });
  writeFileSync(join(data, path), text);
};
/** A cluster as far as its names go, made by the version given. */
const cluster = (version: string) => {
  write('secrets.json', SECRETS_FILE);
  for (const name of ['base/1', 'pg_wal/1', 'global/pg_control', 'postgresql.conf', 'pg_hba.conf']) write(`postgres/${name}`);
  write('postgres/PG_VERSION', version);
};

/** Every file with its text: nothing may be lost, nothing added to what is not ours. */
function inventory(of: string): Record<string, string> {
  if (!statSync(of, { throwIfNoEntry: false })?.isDirectory()) return { '': readFileSync(of, 'utf8') };
  const files = readdirSync(of, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((file) => [join(file.parentPath, file.name), readFileSync(join(file.parentPath, file.name), 'utf8')]),
  );
}

it.each<[string, () => void, RegExp]>([
  ['a file in its place', () => writeFileSync(data, 'mine'), /data cannot be a folder \(.*\)\. Choose another name: WINDLASS_DATA_FOLDER/],
  ['a link to nowhere', () => symlinkSync(join(folder, 'gone', 'far'), data), /data/],
  [
    'a database whose secrets are gone',
    () => write('postgres/PG_VERSION', '18'),
    /has a database, but .*secrets\.json.* is missing\. Nothing was changed\. Restore the file, or.*mv /,
  ],
  [
    'the data folder of another Postgres',
    () => {
      write('PG_VERSION', '18');
      write('base/1');
    },
    /is the data folder of a Postgres that Windlass did not start \(it has PG_VERSION\), .*Nothing was changed\. Set WINDLASS_DATA_FOLDER to/,
  ],
  ['the data folder of a Redis', () => write('dump.rdb', 'REDIS0011'), /is the data folder of a Redis \(it has dump\.rdb\)/],
  ['the home of an Airflow', () => write('airflow.cfg', '[core]'), /is the home of an Airflow/],
  ['a project', () => write('package.json', '{}'), /is a project \(it has package\.json\).*for example .*\.windlass/],
  [
    'secrets that are half written',
    () => write('secrets.json', '{"instanceId": "x", '),
    /secrets\.json cannot be read .*Nothing was changed\. Restore the file from a backup/,
  ],
  ['secrets that are no object', () => write('secrets.json', 'null'), /secrets\.json cannot be read \(it holds no JSON object\)/],
  ['secrets without a key', () => write('secrets.json', SECRETS_FILE.replace('secretKey', 'other')), /it has no secretKey/],
  [
    'a database of a newer Postgres',
    () => cluster('99'),
    /was made by Postgres 99, but this Windlass brings Postgres \d+\. Nothing was changed\. Go back to the Windlass/,
  ],
  ['a database of an older Postgres', () => cluster('9.6'), /was made by Postgres 9\.6, but this Windlass brings Postgres \d+/],
  [
    'half a database',
    () => {
      write('secrets.json', SECRETS_FILE);
      write('postgres/PG_VERSION', '18');
    },
    /is not a complete Postgres data folder: .* missing\. Nothing was changed/,
  ],
])('%s is named, and left as it was', async (_, make, message) => {
  make();
  const before = statSync(data, { throwIfNoEntry: false }) ? inventory(data) : {};
  const environment = {
    WINDLASS_DATA_FOLDER: data,
    WINDLASS_DAGS_FOLDER: join(folder, 'dags'),
    WINDLASS_LOGS_FOLDER: join(folder, 'logs'),
    WINDLASS_PLUGINS_FOLDER: join(folder, 'plugins'),
    WINDLASS_SCRATCH_FOLDER: join(folder, 'scratch'),
    WINDLASS_WEB_PORT: '0',
    WINDLASS_MONITOR_PORT: '0',
    WINDLASS_BROKER: 'postgres',
  };
  const { code, stderr } = await say(['standalone'], environment);
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/error DATA_FOLDER_BROKEN: /);
  expect(code).toBe(1);
  expect(stderr).not.toMatch(STACK);
  expect(stderr).not.toMatch(/hunter2/);
  const after = statSync(data, { throwIfNoEntry: false }) ? inventory(data) : {};
  expect(after).toMatchObject(before);
});

it.each([
  ['ENOSPC', 'write', /The disk is full: .*Free some room.*WINDLASS_DATA_FOLDER.*No data was lost/],
  ['EDQUOT', 'write', /The disk is full/],
  ['EROFS', 'open', /may not be written .*Start Windlass as the folder's owner, change its owner, or choose other folders/],
  ['EACCES', 'mkdir', /may not be written/],
  // What Node says of a disk that is mounted read-only when it makes a folder with its parents.
  ['ENOENT', 'mkdir', /cannot be made .*mounted read-only, or a link on the way leads nowhere\. Mend that/],
  ['ENOTDIR', 'mkdir', /cannot be a folder/],
  ['ENAMETOOLONG', 'mkdir', /cannot be a folder/],
] as const)('%s from %s is said with what to do', (code, syscall, message) => {
  const said = Object.assign(new Error(`${code}: no, ${syscall} '${data}'`), { code, syscall, path: data });
  expect(explainFileError(said, readConfig({}, folder))).toMatchObject({ message: expect.stringMatching(message) });
});
