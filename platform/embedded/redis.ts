/**
 * A private redis-server (or valkey-server) for one Windlass: loopback only, with a password, keeping nothing
 * on disk, never evicting. It ends when we end. It may be erased at any moment: Postgres is the truth.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import { type Clock, newSecret } from '#platform/clock.ts';
import { freePort } from './free-port.ts';
import { type GuardedProcess, spawnGuarded } from './guarded-process.ts';

export interface RedisServer {
  /** redis://:password@127.0.0.1:port/0 */
  readonly url: string;
  readonly port: number;
  /** Resolves when the server ended, asked or not. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Absolute path of redis-server or valkey-server. */
  readonly program: string;
  /** For its configuration (0600, holds the password) and its log. */
  readonly folder: string;
  readonly clock: Clock;
  /** An earlier server whose port and password this one takes over. */
  readonly again?: RedisServer | undefined;
}

const START_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 5_000;
const PORT_TRIES = 5;

export async function startRedisServer(options: RedisOptions): Promise<RedisServer> {
  mkdirSync(options.folder, { recursive: true });
  const logFile = join(options.folder, 'redis.log');
  for (let attempt = 1; attempt <= PORT_TRIES; attempt++) {
    const port = options.again?.port ?? (await freePort());
    const password = options.again === undefined ? newSecret(24) : new URL(options.again.url).password;
    const guarded = spawnGuarded({
      program: options.program,
      args: [writeConfiguration(options.folder, port, password)],
      user: undefined,
      stopSignal: 'TERM',
      failure: 'REDIS_FAILED',
      logFile,
      environment: { LC_ALL: 'C' },
      clock: options.clock,
    });
    if (await waitUntilReady(port, password, guarded, options.clock))
      return {
        url: `redis://:${password}@127.0.0.1:${port}/0`,
        port,
        ended: guarded.ended,
        stop: () => guarded.stop(STOP_DEADLINE_MS),
      };
    await guarded.stop(0);
  }
  throw new AppError(
    'REDIS_FAILED',
    `${options.program} did not start; its log is ${logFile}. Repair it, or choose another broker: WINDLASS_BROKER=postgres.`,
  );
}

function writeConfiguration(folder: string, port: number, password: string): string {
  const path = join(folder, 'redis.conf');
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    'save ""',
    'appendonly no',
    'maxmemory-policy noeviction',
    'daemonize no',
    `dir ${JSON.stringify(folder)}`, // Redis quotes as JSON does
    'loglevel warning',
    'tcp-keepalive 60',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  return path;
}

async function waitUntilReady(port: number, password: string, guarded: GuardedProcess, clock: Clock): Promise<boolean> {
  const deadline = clock.monotonic() + START_DEADLINE_MS;
  while (!guarded.hasEnded() && clock.monotonic() < deadline) {
    if (await answersPing(port, password)) return true;
    await clock.sleep(10);
  }
  return false;
}

/** Says AUTH and PING by hand: this file must not know a Redis client (only platform/broker does). */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.setTimeout(1_000, () => socket.destroy());
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (/PONG|-/.test(answer)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer.includes('PONG')));
  });
}
