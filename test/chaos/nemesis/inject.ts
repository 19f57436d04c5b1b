/** How each fault is done, and undone. Each says whether it struck: one that found nothing to strike does not count. */
import { systemClock } from '#platform/clock.ts';
import type { FaultProxy } from '#test/support/fault-proxy.ts';
import type { Dice } from '#test/support/seeded.ts';
import type { Cluster } from '../cluster.ts';
import type { Member } from '../member.ts';
import type { FaultKind, PlannedFault } from './schedule.ts';

export interface Strike {
  readonly cluster: Cluster;
  readonly fault: PlannedFault;
  readonly member: Member;
  readonly link: FaultProxy;
  readonly dice: Dice;
}

/** Does it, and returns how it is undone; null = there was nothing to strike. */
type Inject = (strike: Strike) => Promise<Undo | null>;
type Undo = () => Promise<void> | void;

const nothingToUndo: Undo = () => {};
const CLOCK_JUMP_MIN_MS = 600_000;
const CLOCK_JUMP_MAX_MS = 6 * 3_600_000;

/** A fault of a line: it struck when there are connections, or something tried to make one meanwhile. */
function onLink(strikeLink: (link: FaultProxy, strike: Strike) => void): Inject {
  return async (strike) => {
    const { link } = strike;
    if (link.connections === 0) return null;
    strikeLink(link, strike);
    return () => link.heal();
  };
}

function signalled(signal: 'SIGKILL' | 'SIGTERM'): Inject {
  return async ({ member }) => (member.isReady && member.signal(signal) ? nothingToUndo : null);
}

const INJECT: Readonly<Record<FaultKind, Inject>> = {
  kill: signalled('SIGKILL'),
  terminate: signalled('SIGTERM'),
  async kill_child({ member, dice }) {
    const children = member.descendants;
    if (children.length === 0) return null;
    try {
      process.kill(dice.pick(children), 'SIGKILL');
    } catch {
      return null; // it ended just now
    }
    return nothingToUndo;
  },
  async freeze({ member }) {
    if (!member.isReady || !member.signal('SIGSTOP')) return null;
    return () => void (member.isFrozen && member.signal('SIGCONT'));
  },
  async freeze_tree({ cluster, member }) {
    const below = member.descendants;
    if (!member.isReady || below.length === 0 || !member.signal('SIGSTOP')) return null;
    const stopped = below.filter((pid) => signalIfThere(pid, 'SIGSTOP'));
    return () => {
      // Bodies first: what they still say before they are killed is said while their worker sleeps.
      for (const pid of stopped) if (signalIfThere(pid, 'SIGCONT')) cluster.thawed.push({ pid, atMs: systemClock.now() });
      if (member.isFrozen) member.signal('SIGCONT');
    };
  },
  async jump_clock({ member, dice }) {
    if (!member.isReady) return null;
    const sign = dice.pick([-1, 1]);
    if (!member.setClock(sign * dice.int(CLOCK_JUMP_MIN_MS, CLOCK_JUMP_MAX_MS))) return null;
    return () => void member.setClock(0);
  },

  cut: onLink((link) => link.cut()),
  refuse: onLink((link) => link.refuse()),
  swallow: onLink((link) => link.swallow('up', 'down')),
  swallow_requests: onLink((link) => link.swallow('up')),
  swallow_answers: onLink((link) => link.swallow('down')),
  hold: onLink((link) => link.hold('up', 'down')),
  hold_requests: onLink((link) => link.hold('up')),
  hold_answers: onLink((link) => link.hold('down')),
  slow: onLink((link, { dice }) => link.slow(dice.int(30, 200), dice.int(0, 300), () => dice.int(0, 99) / 100)),
  lose_answers: onLink((link) => link.loseAnswers()),
  half_open: onLink((link) => link.halfOpen()),
  async swizzle({ cluster, fault, dice }) {
    const links = dice.shuffled(cluster.members).map((member) => member.links[fault.link ?? 'postgres']);
    for (const link of links) {
      link.hold('up', 'down');
      await systemClock.sleep(dice.int(20, 120));
    }
    return async () => {
      for (const link of dice.shuffled(links)) {
        link.heal();
        await systemClock.sleep(dice.int(20, 120));
      }
    };
  },

  async end_sessions({ cluster, dice }) {
    const share = dice.pick([0.3, 0.6, 1]);
    const ended = await cluster.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name <> 'harness' and hashtext(pid::text || $1) % 100 < $2 * 100`,
      [String(dice.int(0, 1_000)), share],
    );
    return ended.length > 0 ? nothingToUndo : null;
  },
  restart_postgres: restartPostgres('fast'),
  crash_postgres: restartPostgres('immediate'),
  /** Somebody's open transaction holds what runs. */
  lock_instances: (strike) =>
    holdLocks(strike, `select 1 from task_instance where state = 'running' order by task_instance_id limit 6 for update skip locked`),
  lock_pools: (strike) => holdLocks(strike, 'select 1 from pool order by name for update'),

  async flush_redis({ cluster }) {
    const keys = await cluster.servers.redis('DBSIZE');
    await cluster.servers.redis('FLUSHALL');
    return keys.trim() === ':0' ? null : nothingToUndo;
  },
  async restart_redis({ cluster }) {
    await cluster.servers.stopRedis();
    return () => cluster.servers.startRedis();
  },
  async kill_redis_clients({ cluster }) {
    const killed = await cluster.servers.redis('CLIENT KILL TYPE normal');
    await cluster.servers.redis('CLIENT KILL TYPE pubsub');
    return killed.startsWith(':0') ? null : nothingToUndo;
  },
  async pause_redis({ cluster, fault }) {
    await cluster.servers.redis(`CLIENT PAUSE ${fault.forMs} ALL`);
    return nothingToUndo;
  },
  async fill_redis({ cluster }) {
    await cluster.servers.redis('CONFIG SET maxmemory 100kb');
    return async () => void (await cluster.servers.redis('CONFIG SET maxmemory 0'));
  },

  async fill_logs({ cluster: { logDisk } }) {
    if (logDisk === null) return null;
    logDisk.fill();
    return () => logDisk.free();
  },
};

function signalIfThere(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it ended meanwhile
  }
}

function restartPostgres(how: 'fast' | 'immediate'): Inject {
  return async ({ cluster }) => {
    await cluster.servers.stopPostgres(how);
    return () => cluster.servers.startPostgres();
  };
}

async function holdLocks({ cluster }: Strike, statement: string): Promise<Undo | null> {
  const client = await cluster.db.pool.connect();
  const letGo = async () => {
    await client.query('rollback').catch(() => {});
    client.release(true);
  };
  try {
    await client.query('begin');
    if (((await client.query(statement)).rowCount ?? 0) > 0) return letGo;
    await letGo();
    return null;
  } catch (error) {
    await letGo();
    throw error;
  }
}

export function inject(strike: Strike): Promise<Undo | null> {
  return INJECT[strike.fault.kind](strike);
}
