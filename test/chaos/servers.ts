/** The Postgres and the Redis of one chaos run: of its own, on ports that stay the same, so that they can be taken away and brought back. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSecret, systemClock } from '#platform/clock.ts';
import { findOnPath } from '#platform/config/find-on-path.ts';
import { openDatabase } from '#platform/db/client.ts';
import { ensureDatabase } from '#platform/db/embedded-databases.ts';
import { migrate } from '#platform/db/migrate.ts';
import { findPostgresBinaries } from '#platform/embedded/postgres-binaries.ts';
import { ensureCluster } from '#platform/embedded/postgres-cluster.ts';
import { type PostgresServer, startPostgresServer } from '#platform/embedded/postgres-server.ts';
import { type RedisServer, startRedisServer } from '#platform/embedded/redis.ts';
import { giveTo, unprivilegedUser } from '#platform/embedded/unprivileged-user.ts';
import { quietLogger } from '#platform/logger.ts';

const ANSWER_MS = 5_000;
const TEMPLATE = 'chaos_template';

export class Servers {
  /** Of everything that belongs to the run; it may be looked at after a red one. */
  readonly folder: string;
  readonly postgresPassword: string;
  readonly #postgresFolder: string;
  readonly #redisProgram: string;
  #postgres!: PostgresServer;
  #redis!: RedisServer;
  #template: Promise<string> | null = null;

  private constructor(redisProgram: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'windlass-chaos-'));
    chmodSync(this.folder, 0o755);
    // In memory where there is room for it: its disk is not what is tested.
    this.#postgresFolder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'windlass-chaos-postgres-'));
    this.postgresPassword = newSecret(12);
    this.#redisProgram = redisProgram;
  }

  static async start(): Promise<Servers> {
    const program = findOnPath(['redis-server', 'valkey-server']);
    if (program === undefined) throw new Error('Chaos needs redis-server. Install it with: apt-get install redis-server');
    const servers = new Servers(program);
    giveTo(servers.#postgresFolder, unprivilegedUser());
    const redisFolder = join(servers.folder, 'redis');
    mkdirSync(redisFolder);
    await Promise.all([
      servers.startPostgres(),
      startRedisServer({ program, folder: redisFolder, clock: systemClock }).then((redis) => {
        servers.#redis = redis;
      }),
    ]);
    return servers;
  }

  get postgresPort(): number {
    return this.#postgres.port;
  }

  get redisPort(): number {
    return this.#redis.port;
  }

  get redisPassword(): string {
    return new URL(this.#redis.url).password;
  }

  databaseUrl(database: string, port: number = this.postgresPort): string {
    return `postgres://windlass:${this.postgresPassword}@127.0.0.1:${port}/${database}`;
  }

  redisUrl(port: number = this.redisPort): string {
    return `redis://:${this.redisPassword}@127.0.0.1:${port}/0`;
  }

  /** Name of a database that is migrated and that nobody is connected to. */
  template(): Promise<string> {
    this.#template ??= this.#makeTemplate();
    return this.#template;
  }

  async #makeTemplate(): Promise<string> {
    const open = (database: string) =>
      openDatabase({ url: this.databaseUrl(database), applicationName: 'harness', logger: quietLogger(), maxConnections: 1 });
    const admin = open('postgres');
    await ensureDatabase(admin, TEMPLATE);
    await admin.close();
    const db = open(TEMPLATE);
    await migrate(db);
    await db.close();
    return TEMPLATE;
  }

  /** Also after a crash of it, on the port it had. */
  async startPostgres(): Promise<void> {
    const user = unprivilegedUser();
    const binaries = findPostgresBinaries(user, join(tmpdir(), 'windlass-test-binaries'));
    const folder = join(this.#postgresFolder, 'data');
    await ensureCluster({ folder, binaries, user, superuser: 'windlass', password: this.postgresPassword });
    const port = (this.#postgres as PostgresServer | undefined)?.port;
    // A commit is one: what was answered survives a crash of the server. That of the machine is not played here.
    const settings = { fsync: 'off', full_page_writes: 'off', max_wal_size: '512MB', log_min_messages: 'fatal' };
    const logFile = join(this.#postgresFolder, 'postgres.log');
    this.#postgres = await startPostgresServer({ folder, binaries, user, logFile, settings, clock: systemClock, port });
    if (port !== undefined && this.#postgres.port !== port) throw new Error(`somebody took port ${port} while Postgres was down`);
  }

  /** fast: sessions are ended, a checkpoint is written. immediate: as in a crash; it recovers from its log. */
  async stopPostgres(how: 'fast' | 'immediate'): Promise<void> {
    if (how === 'fast') return this.#postgres.stop();
    const pid = Number(readFileSync(join(this.#postgresFolder, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
    process.kill(pid, 'SIGQUIT');
    await this.#postgres.ended;
  }

  async startRedis(): Promise<void> {
    const again = this.#redis;
    this.#redis = await startRedisServer({ program: this.#redisProgram, folder: join(this.folder, 'redis'), clock: systemClock, again });
  }

  stopRedis(): Promise<void> {
    return this.#redis.stop();
  }

  /** Says one command to Redis, by hand, and returns its answer. Rejects when there is none in time. */
  redis(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.redisPort, '127.0.0.1', () => socket.end(`AUTH ${this.redisPassword}\r\n${command}\r\n`));
      socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`Redis does not answer to ${command}`)));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk.toString();
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(answer.replace(/^\+OK\r\n/, '')));
    });
  }

  async stop(keepFolder: boolean): Promise<void> {
    await Promise.all([this.#redis.stop(), this.#postgres.stop()]);
    if (!keepFolder) rmSync(this.folder, { recursive: true, force: true });
    rmSync(this.#postgresFolder, { recursive: true, force: true });
  }
}
