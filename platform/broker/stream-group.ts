/**
 * A stream of a Redis of the user's, read as a consumer group. There is one consumer, whoever reads: what was delivered and not acknowledged
 * is delivered again to the next one.
 */
import { Redis } from 'ioredis';
import { AppError } from '#core/errors.ts';
import type { Connection } from '#platform/secrets/connection.ts';

export interface StreamEntry {
  readonly id: string;
  /** Null: it was removed from the stream before it was acknowledged. */
  readonly fields: Readonly<Record<string, string>> | null;
}

export interface StreamGroup {
  /** The id of the last entry that was ever added; "0-0" = none. */
  lastId(): Promise<string>;
  /** Makes the group, to read what comes after that id, if there is none. */
  ensure(afterId: string): Promise<void>;
  /** Delivered before and not acknowledged. */
  pending(max: number): Promise<readonly StreamEntry[]>;
  /** Not delivered before; waits so long for the first one. */
  fresh(max: number, waitMs: number): Promise<readonly StreamEntry[]>;
  acknowledge(ids: readonly string[]): Promise<void>;
  close(): void;
}

const CONSUMER = 'windlass';
const ANSWER_MS = 10_000;
const TYPES: ReadonlySet<string> = new Set(['redis', 'rediss', 'valkey']);

/** Rejects when the server cannot be reached. */
export async function openStreamGroup(connection: Connection, stream: string, group: string): Promise<StreamGroup> {
  const client = newClient(connection);
  // Each failure is told by the command that failed.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw error;
  }
  const read = async (from: string, max: number, waitMs: number | null): Promise<readonly StreamEntry[]> => {
    const wait = waitMs === null ? [] : ['BLOCK', waitMs];
    const answer = (await client.call('XREADGROUP', 'GROUP', group, CONSUMER, 'COUNT', max, ...wait, 'STREAMS', stream, from)) as Answer;
    return (answer?.[0]?.[1] ?? []).map(([id, words]) => ({ id, fields: words === null ? null : pairsOf(words) }));
  };
  return {
    async lastId() {
      const info = (await client.call('XINFO', 'STREAM', stream).catch((error: Error) => {
        if (/no such key/i.test(error.message)) return [];
        throw error;
      })) as unknown[];
      const at = info.indexOf('last-generated-id');
      return at < 0 ? '0-0' : String(info[at + 1]);
    },
    async ensure(afterId) {
      await client.call('XGROUP', 'CREATE', stream, group, afterId, 'MKSTREAM').catch((error: Error) => {
        if (!error.message.startsWith('BUSYGROUP')) throw error;
      });
    },
    pending: (max) => read('0', max, null),
    fresh: (max, waitMs) => read('>', max, waitMs),
    acknowledge: async (ids) => void (await client.call('XACK', stream, group, ...ids)),
    close: () => client.disconnect(),
  };
}

type Answer = readonly [string, readonly [string, readonly string[] | null][]][] | null;

/** Whether the group is gone, as when Redis was erased. */
export function isGroupMissing(error: unknown): boolean {
  return (error as Error).message.startsWith('NOGROUP');
}

/** As Redis orders them: by time, then by sequence. */
export function compareIds(a: string, b: string): number {
  const [[ta = 0n, sa = 0n], [tb = 0n, sb = 0n]] = [a, b].map((id) => id.split('-').map(BigInt)) as [bigint[], bigint[]];
  return ta === tb ? Number(sa - sb) : ta < tb ? -1 : 1;
}

function newClient({ id, type, host, port, login, password, schema, extra }: Connection): Redis {
  if (!TYPES.has(type)) throw new AppError('BAD_REQUEST', `Connection "${id}" is of type "${type}"; a stream needs one of type redis.`);
  const isSecure = type === 'rediss' || extra['ssl'] === true || extra['ssl'] === 'true';
  return new Redis({
    host: host ?? 'localhost',
    port: port ?? 6379,
    ...(login === null || login === '' ? {} : { username: login }),
    ...(password === null ? {} : { password }),
    ...(schema === null ? {} : { db: Number(schema) }),
    ...(isSecure ? { tls: {} } : {}),
    // Its answers have one shape with every server.
    protocol: 2,
    lazyConnect: true,
    keepAlive: 10_000,
    connectTimeout: ANSWER_MS,
    // Longer than a read waits; a server that is mute is one that is away.
    commandTimeout: ANSWER_MS,
    maxRetriesPerRequest: 0,
    // Whoever reads begins anew: with what is pending.
    retryStrategy: () => null,
  });
}

function pairsOf(words: readonly string[]): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (let at = 0; at + 1 < words.length; at += 2) pairs[words[at] as string] = words[at + 1] as string;
  return pairs;
}
