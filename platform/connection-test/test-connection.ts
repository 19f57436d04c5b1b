/**
 * Tries a connection in a caged process: a driver that hangs, floods or crashes takes nothing of ours with it, and sees no other secret than
 * those of the connection itself.
 */
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import type { Clock } from '#platform/clock.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import { isSensitiveKey, Masker } from '#platform/mask.ts';
import { CagedProcess } from '#platform/plugins/caged-process.ts';
import type { Connection } from '#platform/secrets/connection.ts';

export interface ConnectionFinding {
  readonly ok: boolean;
  readonly message: string;
  readonly tookMs: number;
}

const CHILD = join(INSTALLATION_FOLDER, 'providers/connection-test/main.ts');
const LIMIT_MS = 20_000;
const MEMORY_MB = 256;
const ANSWER_CHARS_MAX = 64 * 1024;
const AT_ONCE = 4;
let running = 0;

/** Never rejects for what is wrong with the connection. Throws TOO_MANY_REQUESTS when many are tried already. */
export async function testConnection(connection: Connection, clock: Clock): Promise<ConnectionFinding> {
  if (running >= AT_ONCE)
    throw new AppError('TOO_MANY_REQUESTS', `${AT_ONCE} connections are being tested already. Try again in a moment.`);
  running += 1;
  const startedAt = clock.monotonic();
  try {
    const found = await ask(connection, clock);
    return { ok: found.ok, message: withoutSecrets(found.message, connection), tookMs: Math.round(clock.monotonic() - startedAt) };
  } finally {
    running -= 1;
  }
}

function ask(connection: Connection, clock: Clock): Promise<{ readonly ok: boolean; readonly message: string }> {
  return new Promise((resolve) => {
    let found: { readonly ok: boolean; readonly message: string } | null = null;
    const fail = (message: string) => {
      found ??= { ok: false, message };
      child.kill();
    };
    const child = new CagedProcess({
      script: CHILD,
      memoryMb: MEMORY_MB,
      readable: filesOf(connection),
      messageCharsMax: ANSWER_CHARS_MAX,
      cpuSecondsMax: LIMIT_MS / 1000,
      clock,
      onMessage: (message) => {
        const { ok, message: words } = (message ?? {}) as { ok?: unknown; message?: unknown };
        found ??= { ok: ok === true, message: typeof words === 'string' ? words : 'The driver gave no answer.' };
      },
      onOverflow: () => fail('The driver said too much.'),
      onBloat: () => fail(`The driver took more than ${MEMORY_MB} MB of memory.`),
      onOutput: () => {},
      onEnd: ({ code, signal, startError }) => {
        timer.cancel();
        resolve(found ?? { ok: false, message: startError ?? `The driver ended without an answer (${signal ?? `exit code ${code}`}).` });
      },
    });
    const timer = clock.after(LIMIT_MS, () =>
      fail(`Nothing answered within ${LIMIT_MS / 1000} s. Is the address right, and does a firewall let this machine through?`),
    );
    child.send(connection);
  });
}

/** Files that the connection itself names: keys, and databases that are files. */
function filesOf({ type, host, schema, extra }: Connection): readonly string[] {
  const file = type === 'sqlite' || type === 'duckdb' ? host || schema : null;
  const named = ['key_path', 'keyfile_path', 'extra__google_cloud_platform__key_path', 'key_file'].map((name) => extra[name]);
  return [file, ...named].filter((path) => typeof path === 'string' && path.startsWith('/')) as string[];
}

/** A server may repeat what it was given. */
function withoutSecrets(message: string, { password, extra }: Connection): string {
  const masker = new Masker();
  masker.add(password);
  for (const [name, value] of Object.entries(extra)) if (isSensitiveKey(name) && typeof value === 'string') masker.add(value);
  return masker.mask(message);
}
