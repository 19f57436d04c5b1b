/**
 * Goal: whoever has the address of his Postgres or Redis wrong reads what is wrong with it and what to do, and never his password.
 * Method: a command and a role over addresses that are wrong in every way, to servers that are real, or pretend.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '#core/errors.ts';
import { openBroker } from '#platform/broker/open-broker.ts';
import { readConfig } from '#platform/config/config.ts';
import { explainConnection } from '#platform/db/explain-connection.ts';
import { quietLogger } from '#platform/logger.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { windlass } from '#test/support/windlass-process.ts';
import { SECRETS, STACK, say } from './say.ts';

let database: TestDatabase;
let redis: TestRedis;
const fakes: Server[] = [];
const at: Record<string, number> = {};

async function pretend(name: string, greet: (socket: Socket) => void): Promise<void> {
  const server = createServer((socket) => void socket.on('error', () => {}).on('data', () => greet(socket)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fakes.push(server);
  at[name] = (server.address() as { port: number }).port;
}

beforeAll(async () => {
  [database, redis] = await Promise.all([createDatabase(), startRedis()]);
  await pretend('chatty', (socket) => socket.end("-ERR unknown command 'HELLO'\r\n"));
  await pretend('rude', (socket) => socket.destroy());
  await pretend('pooler', (socket) => socket.end(refusal('08P01', 'unsupported startup parameter in options: statement_timeout')));
  at['free'] = 1;
});
afterAll(async () => {
  for (const server of fakes) server.close();
  await Promise.all([database.drop(), redis.stop()]);
});

/** As Postgres, and what speaks for it, says no before anybody is let in. */
function refusal(sqlState: string, words: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${sqlState}\0M${words}\0\0`);
  const head = Buffer.from('E....');
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** The address of the real database, with parts exchanged. */
function real(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}
const local = (name: string, rest = '') => `postgres://u:hunter2@127.0.0.1:${at[name]}/db${rest}`;

describe('DATABASE_URL', () => {
  it.each<[string, () => string, RegExp]>([
    [
      'a wrong password',
      () => real((url) => (url.password = 'hunter2')),
      /refuses the password of the user "\w+"\. Correct it; .*percent-encoded.*Check DATABASE_URL/,
    ],
    [
      'an unknown user',
      () => real((url) => ([url.username, url.password] = ['nobody', 'hunter2'])),
      /refuses the password of the user "nobody"/,
    ],
    [
      'an unknown database',
      () => real((url) => (url.pathname = '/nope')),
      /has no database "nope"\. Create it \(createdb nope\), or correct the name/,
    ],
    ['TLS where there is none', () => real((url) => url.searchParams.set('sslmode', 'require')), /does not speak TLS\. Take sslmode out/],
    [
      'a host that is not',
      () => 'postgres://u:hunter2@no-such-host.invalid/db',
      /there is no host named no-such-host\.invalid\. Correct it/,
    ],
    [
      'a port that nobody listens at',
      () => local('free'),
      /nothing listens at 127\.0\.0\.1:1\. Start Postgres there, or correct host and port/,
    ],
    ['the port of something else', () => local('chatty'), /127\.0\.0\.1:\d+ (does not speak as Postgres does|hangs up)/],
    ['a pooler between', () => local('pooler'), /127\.0\.0\.1:\d+ is a pooler that keeps no sessions \(PgBouncer\)\. Name Postgres itself/],
    ['a server that hangs up', () => local('rude'), /hangs up|cannot be reached/],
    ['a socket that is not there', () => 'postgres://u:hunter2@/db?host=/nope', /DATABASE_URL|nope/],
    [
      'a certificate that is not there',
      () => local('free', '?sslmode=verify-full&sslrootcert=/nope.pem'),
      /names the file \/nope\.pem, which is not there/,
    ],
    ['an unknown sslmode', () => local('free', '?sslmode=requir'), /sslmode=requir, which Postgres does not know\. Did you mean require\?/],
    ['a port beyond all', () => 'postgres://u:hunter2@h:99999/db', /cannot be read as a URL; it must look like postgres:/],
    ['no numbers for a port', () => 'postgres://u:hunter2@h:port/db', /cannot be read as a URL/],
    ['a # in the password', () => 'postgres://u:hunter2#x@h/db', /percent-encoded|no host|cannot be reached/],
    ['a % in the password', () => 'postgres://u:hunter2%@h/db', /cannot be read as a URL.*percent-encoded/],
    ['another protocol', () => 'mysql://u:hunter2@h/db', /begins with mysql:\/\/; it must look like postgres:/],
    ['a file', () => 'file:///var/lib/hunter2', /begins with file:\/\//],
    ['quotes around it', () => `"${local('free')}"`, /cannot be read as a URL/],
    ['no URL at all', () => 'host=db user=me password=hunter2', /cannot be read as a URL/],
  ])('with %s', async (_, url, message) => {
    const { code, stdout, stderr } = await say(['dags', 'list'], { DATABASE_URL: url() });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error (DATABASE_UNAVAILABLE|CONFIG_INVALID): /m);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).not.toMatch(SECRETS);
    expect(stderr).not.toMatch(STACK);
  });

  it('with white space around it works all the same', async () => {
    const { code, stderr } = await say(['dags', 'list'], { DATABASE_URL: `  ${database.url}\n` });
    expect(stderr).not.toMatch(/^error/m);
    expect(code).toBe(0);
  });

  it('with a wrong password ends a role at once: no waiting mends it', async () => {
    expect(await say(['scheduler'], { DATABASE_URL: real((url) => (url.password = 'hunter2')) })).toMatchObject({ code: 1 });
  });

  it.each([
    [
      'no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", no encryption',
      '28000',
      /takes encrypted connections only\. Add sslmode=require/,
      true,
    ],
    [
      'no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", SSL encryption',
      '28000',
      /refuses the user "u": no pg_hba\.conf entry/,
      true,
    ],
    [
      'self-signed certificate',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      /is not trusted \(self-signed certificate\)\. Name its authority with sslrootcert/,
      true,
    ],
    ['sorry, too many clients already', '53300', /has no connection left\. Raise max_connections/, false],
    ['the database system is starting up', '57P03', /is not ready: the database system is starting up\. Wait/, false],
    ['SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', undefined, /wants a password for the user "u"\. Add it/, true],
    ['timeout exceeded when trying to connect', undefined, /does not answer in time/, false],
    ['connect EHOSTUNREACH', 'EHOSTUNREACH', /does not answer\. See whether the machine is up/, false],
  ] as const)('explains "%s"', (message, code, words, final) => {
    const explained = explainConnection(Object.assign(new Error(message), { code }), 'postgres://u:hunter2@db:5432/d');
    expect(explained?.message).toMatch(words);
    expect(explained?.details['final']).toBe(final);
    expect(explained?.message).not.toMatch(SECRETS);
  });
});

describe('REDIS_URL', () => {
  const address = (change: (url: URL) => void) => {
    const url = new URL(redis.url);
    change(url);
    return url.href;
  };

  it.each<[string, () => string, RegExp]>([
    ['a wrong password', () => address((url) => (url.password = 'hunter2')), /Redis refuses the user or the password of REDIS_URL/],
    ['no password', () => address((url) => (url.password = '')), /Redis wants a password\. Put it into REDIS_URL/],
    ['another protocol', () => 'http://:hunter2@127.0.0.1:6379', /begins with http:\/\/; it must look like redis:/],
    ['no protocol', () => '127.0.0.1:6379', /cannot be read as a URL|begins with/],
    ['a port beyond all', () => 'redis://:hunter2@127.0.0.1:99999', /cannot be read as a URL/],
    [
      'a database that is no number',
      () => address((url) => (url.pathname = '/queue')),
      /REDIS_URL names the database "queue"; Redis numbers them/,
    ],
    ['a database that it does not have', () => address((url) => (url.pathname = '/9999')), /has no database with the number of REDIS_URL/],
  ])('with %s is refused for good', async (_, url, message) => {
    const open = async () => {
      const config = readConfig({ DATABASE_URL: database.url, REDIS_URL: url() }, tmpdir());
      await (await openBroker(config, database.db, quietLogger())).close();
    };
    const refused = await open().catch((error: AppError) => error);
    expect(refused).toMatchObject({ message: expect.stringMatching(message) });
    const { code, details } = refused as AppError;
    expect(code === 'CONFIG_INVALID' || details['final'] === true, 'waiting is no use').toBe(true);
    expect((refused as AppError).message).not.toMatch(SECRETS);
  });

  it('with a wrong password ends a worker, which says so and not the password', async () => {
    const environment = { DATABASE_URL: database.url, REDIS_URL: address((url) => (url.password = 'hunter2')) };
    const { code, stderr } = await windlass(['worker'], { environment });
    expect(stderr).toMatch(/"event":"role.failed".*Redis refuses the user or the password of REDIS_URL/);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(SECRETS);
  });
});
