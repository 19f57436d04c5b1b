/** io_config.yaml: profiles as Mage users know them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '#platform/config/config.ts';
import { openSecretStore, requireConnection, type SecretStore } from '#platform/secrets/secret-store.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';

let database: TestDatabase;
let folder: string;
let file: string;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'profiles-'));
  file = join(folder, 'io_config.yaml');
  return () => rmSync(folder, { recursive: true, force: true });
});

function storeWith(text: string, more: Parameters<typeof testConfig>[0] = {}): SecretStore {
  writeFileSync(file, text);
  return openSecretStore({ config: testConfig({ ioConfig: file, ...more }), db: database.db });
}

const MAGE = `
version: 0.1.1
default:
  # {{ this is a comment }}
  POSTGRES_DBNAME: warehouse
  POSTGRES_SCHEMA: public
  POSTGRES_USER: "{{ env_var('PROFILE_TEST_USER', 'mage') }}"
  POSTGRES_PASSWORD: {{ variable('warehouse_password') }}
  POSTGRES_HOST: localhost
  POSTGRES_PORT: 5432
  POSTGRES_CONNECT_TIMEOUT: 10
  GOOGLE_SERVICE_ACC_KEY:
    type: service_account
    project_id: course
    private_key: "{{ mage_secret_var('google_key') }}"
  GOOGLE_LOCATION: EU
  SNOWFLAKE_USER: nobody
prod:
  POSTGRES_HOST: db.example
  AWS_ACCESS_KEY_ID: key
  AWS_SECRET_ACCESS_KEY: hush
  AWS_REGION: eu-west-1
  connections:
    lake: s3://key:hush@bucket
    titanic: { conn_type: http, host: data.example }
`;
const VARIABLES = new Map([
  ['warehouse_password', 'tall: "ship"\n#'],
  ['google_key', 'line 1\nline 2'],
]);

describe('io_config.yaml', () => {
  it('makes connections of the keys that Mage uses, with values from the environment and from variables', async () => {
    const store = storeWith(MAGE, { variables: VARIABLES });

    expect(await store.connection('postgres')).toEqual({
      id: 'postgres',
      type: 'postgres',
      host: 'localhost',
      port: 5432,
      login: 'mage',
      password: 'tall: "ship"\n#',
      schema: 'warehouse',
      extra: { currentSchema: 'public', connect_timeout: 10 },
    });
    expect((await store.connection('google'))?.extra).toEqual({
      keyfile_dict: { type: 'service_account', project_id: 'course', private_key: 'line 1\nline 2' },
      location: 'EU',
    });
  });

  it('serves the profile in force under plain ids, and any profile by its name', async () => {
    const store = storeWith(MAGE, { variables: VARIABLES });
    const prod = storeWith(MAGE, { variables: VARIABLES, profile: 'prod' });

    expect((await store.connection('prod.postgres'))?.host).toBe('db.example');
    expect((await prod.connection('postgres'))?.host).toBe('db.example');
    expect((await prod.connection('aws'))?.extra).toEqual({ region_name: 'eu-west-1' });
    expect(await store.connection('aws')).toBeNull();
    expect((await prod.connection('lake'))?.type).toBe('s3');
    expect((await prod.connection('titanic'))?.host).toBe('data.example');
  });

  it('comes after the environment, and notices a change of the file', async () => {
    const connections = new Map([['postgres', new Secret('postgres://me@elsewhere')]]);
    expect((await storeWith(MAGE, { connections }).connection('postgres'))?.host).toBe('elsewhere');

    const store = storeWith(MAGE, { variables: VARIABLES });
    expect((await store.connection('postgres'))?.host).toBe('localhost');
    writeFileSync(file, 'default:\n  POSTGRES_HOST: moved.example\n');
    expect((await store.connection('postgres'))?.host).toBe('moved.example');
  });

  it('need not be there', async () => {
    const store = openSecretStore({ config: testConfig({ ioConfig: join(folder, 'none.yaml') }), db: database.db });
    expect(await store.connection('postgres')).toBeNull();
    await expect(requireConnection(store, 'postgres')).rejects.toThrow(/no connection "postgres".*WINDLASS_CONN_POSTGRES.*io_config\.yaml/);
  });
});

describe('a wrong io_config.yaml', () => {
  const wrong: readonly [string, string, RegExp][] = [
    ['is no YAML', 'default:\n  POSTGRES_HOST: "open', /io_config\.yaml, line 2.* is not YAML/],
    ['is a list', '- postgres', /io_config\.yaml has no profiles\. Write "default:"/],
    ['misspells a key', 'default:\n  POSTGRES_HOTS: localhost', /profile "default": POSTGRES_HOTS is no key.*mean POSTGRES_HOST\?/],
    ['has a port that is none', 'default:\n  POSTGRES_PORT: many', /profile "default": POSTGRES_PORT must be a port/],
    ['calls what there is not', 'default:\n  POSTGRES_HOST: "{{ file(\'x\') }}"', /line 2: \{\{ … \}\} may hold env_var/],
    [
      'needs an unset environment variable',
      "default:\n  POSTGRES_HOST: {{ env_var('NOT_SET_ANYWHERE') }}",
      /environment variable NOT_SET_ANYWHERE, which this process does not have/,
    ],
    [
      'needs a missing variable',
      "default:\n  POSTGRES_HOST: {{ variable('gone') }}",
      /variable "gone", which does not exist.*Variables page/,
    ],
    [
      'has a connection without a type',
      'default:\n  connections: { postgres: { host: x } }',
      /connection "postgres" must be a URL, or fields with/,
    ],
    [
      'has no such profile',
      'dev:\n  POSTGRES_HOST: x',
      /WINDLASS_PROFILE names the profile "default" of .*io_config\.yaml, but it has dev\./,
    ],
  ];
  it.each(wrong)('that %s says where and what to do', async (_, text, message) => {
    await expect(storeWith(text).connection('postgres')).rejects.toThrow(message);
  });

  it('never shows a value in its message', async () => {
    const text = 'default:\n  connections:\n    postgres: "hunter2 is my password"\n';
    const error = await storeWith(text)
      .connection('postgres')
      .catch((caught: Error) => caught);
    expect((error as Error).message).toMatch(/profile "default": the connection "postgres" is not a URL/);
    expect((error as Error).message).not.toContain('hunter2');
  });
});
