/**
 * Goal: a setting that cannot work is refused when it is read, by its name, with what it must be. Method: every setting of the table
 * gets nonsense of its type, so that a new one is held to it too; then the files that settings come from.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '#platform/config/config.ts';
import { CONFIG_KEYS, type ConfigKey } from '#platform/config/keys.ts';
import { STACK, say } from './say.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-doors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NUMBERS = ['nonsense', '-1', '1e3', '0x10', '1,5', '1 000', 'NaN', 'Infinity', '99999999999', ' ', '5m', '٣'];
const NONSENSE: Readonly<Record<ConfigKey['type'], readonly string[]>> = {
  int: [...NUMBERS, '1.5'],
  number: NUMBERS,
  bool: ['maybe', '2', ' ', 'null'],
  path: ['/proc/x', '/sys/x'],
  // What any text may be is checked by name below.
  string: [],
  secret: [],
  list: [],
};
const KEYS: readonly ConfigKey[] = Object.values(CONFIG_KEYS);

describe.each(KEYS.map((key) => [key.env, key] as const))('%s', (env, key) => {
  it.each([...NONSENSE[key.type], ...(key.min ? ['0', String(key.min - 1)] : [])].map((value) => [value]))('=%j is refused', (value) => {
    const read = () => readConfig({ [env]: value }, folder);
    expect(read).toThrow(new RegExp(`^${env} (must be|is) `));
    expect(read).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('empty is its default', () => {
    expect(() => readConfig({ [env]: '' }, folder)).not.toThrow();
  });
});

it.each([
  ['WINDLASS_BROKER_PREFIX', 'a b', /must be 1 to 48 letters, digits, _ or -, but is "a b"/],
  ['WINDLASS_BROKER_PREFIX', 'x"; drop schema', /must be 1 to 48 letters/],
  ['WINDLASS_BASE_URL', 'javascript:alert(1)', /must be an address such as https:/],
  ['WINDLASS_BASE_URL', 'windlass.example.com', /must be an address such as https:/],
  ['WINDLASS_WORKER_QUEUES', 'a b', /has "a b", which is no name of a queue/],
  ['WINDLASS_WORKER_QUEUES', ',,', /names no queue/],
  ['WINDLASS_SECRET_KEY', 'short', /must have at least 32 characters.*openssl rand/],
  ['WINDLASS_TASK_UID', 'nobody', /must be a number, but is "nobody"/],
  ['WINDLASS_DAG_BUNDLES', '{', /WINDLASS_DAG_BUNDLES/],
  ['WINDLASS_DAG_BUNDLES', '[{"name": "etl"}]', /WINDLASS_DAG_BUNDLES.*etl/],
  ['WINDLASS_TRUSTED_PROXIES', '10.0.0.0/99', /must hold addresses such as/],
  ['WINDLASS_WEB_PORT', '70000', /must be a port from 0 to 65535/],
  ['WINDLASS_LEASE_TTL_MS', '10000', /must be at least three times WINDLASS_LEASE_RENEW_MS/],
  ['WINDLASS_CONFIG_FD', '77', /is "77", which is no pipe with settings.*unset it/],
  ['DATABASE_URL_FILE', '/nope', /DATABASE_URL_FILE names \/nope, which cannot be read/],
  ['WINDLASS_WEB_PRT', '1', /is no setting of Windlass. Did you mean WINDLASS_WEB_PORT\?/],
] as const)('%s=%s', (env, value, message) => {
  expect(() => readConfig({ [env]: value }, folder)).toThrow(message);
});

it('a short secret key is not shown', () => {
  expect(() => readConfig({ WINDLASS_SECRET_KEY: 'hunter2' }, folder)).not.toThrow(/hunter2/);
});

it('a command with a setting that cannot work ends with its name, and does nothing', async () => {
  const { code, stdout, stderr } = await say(['config', 'list'], { WINDLASS_SERVICE_HEARTBEAT_MS: '0' });
  expect(stderr).toMatch(/^error CONFIG_INVALID: WINDLASS_SERVICE_HEARTBEAT_MS must be a whole number from 20 to \d+, but is "0"\.\n$/);
  expect(stderr).not.toMatch(STACK);
  expect([code, stdout]).toEqual([1, '']);
});

describe('.env', () => {
  it('is read with quotes, exports, comments, Windows line ends and a byte-order mark', () => {
    const text =
      '\ufeffWINDLASS_PARALLELISM=7\r\n# a comment\r\nexport WINDLASS_WEB_PORT="9090"\r\n  WINDLASS_LOG_LEVEL = debug  \r\n\r\nnot a setting\r\n';
    writeFileSync(join(folder, '.env'), text);
    expect(readConfig({}, folder)).toMatchObject({ parallelism: 7, webPort: 9090, logLevel: 'debug' });
  });

  it('with a setting mistyped is refused by its name', () => {
    writeFileSync(join(folder, '.env'), 'WINDLASS_WEB_PROT=9090\n');
    expect(() => readConfig({}, folder)).toThrow(/WINDLASS_WEB_PROT is no setting.*Did you mean WINDLASS_WEB_PORT/);
  });
});
