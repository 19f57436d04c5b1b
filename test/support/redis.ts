/** A real redis-server for one test file, on a random port, keeping nothing; it can be killed, frozen and told things. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { findOnPath } from '#platform/config/find-on-path.ts';
import { type RedisServer, startRedisServer } from '#platform/embedded/redis.ts';
import { until } from './until.ts';

export interface TestRedis {
  /** redis://:password@127.0.0.1:port/0 */
  readonly url: string;
  readonly port: number;
  /** SIGKILL. What it held is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, at the same address with the same password. */
  restart(): Promise<void>;
  /** As a black hole: connections are taken, nobody is answered. Until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Sends one command and returns the answer as Redis wrote it. */
  say(command: string): Promise<string>;
  stop(): Promise<void>;
}

/** Throws with what to install when there is no redis-server (npm test's own set-up installs it). */
export async function startRedis(): Promise<TestRedis> {
  const program = findOnPath(['redis-server', 'valkey-server']);
  if (program === undefined) throw new Error('These tests need redis-server. Install it with: apt-get install redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'windlass-test-redis-'));
  const start = (again?: RedisServer) => startRedisServer({ program, folder, clock: systemClock, again });
  let server: RedisServer = await start();
  const { url, port } = server;
  const say = (command: string) => sayTo(url, command);
  const pidOf = async () => Number(/process_id:(\d+)/.exec(await say('INFO server'))?.[1]);
  let pid = await pidOf();
  return {
    url,
    port,
    say,
    async kill() {
      process.kill(pid, 'SIGKILL');
      await server.ended;
    },
    async restart() {
      server = await start(server);
      pid = await pidOf();
    },
    freeze: () => void process.kill(pid, 'SIGSTOP'),
    thaw: () => void process.kill(pid, 'SIGCONT'),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Speaks the protocol by hand: only platform/broker knows a client of Redis. */
async function sayTo(url: string, command: string): Promise<string> {
  const { port, password } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.on('error', () => {});
  socket.write(`AUTH ${password}\r\n${command}\r\nECHO all-said\r\n`);
  try {
    // A busy server refuses the last word too.
    await until(() => answer.includes('all-said\r\n') || /-BUSY[^\r]*\r\n$/.test(answer) || socket.closed, {
      what: `Redis answers ${command}`,
    });
    return answer.slice(answer.indexOf('\r\n') + 2).replace('$8\r\nall-said\r\n', '');
  } finally {
    socket.destroy();
  }
}
