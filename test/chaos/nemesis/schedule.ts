/** What is done to the cluster, and when: a pure function of the seed. */
import { Dice } from '#test/support/seeded.ts';
import { LEASE_TTL_MS, MEMBERS } from '../settings.ts';

/** What a fault takes away; two faults at once never take the same thing. */
type Scope = 'member' | 'link' | 'postgres' | 'redis' | 'disk';

interface FaultDraw {
  readonly scope: Scope;
  /** How often it is dealt in one deck. */
  readonly weight: number;
  /** How long it lasts. */
  readonly forMs: readonly [number, number];
}

const SHORT = [100, 1_200] as const;
/** A lease ends while it lasts. */
const PAST_LEASE = [LEASE_TTL_MS * 1.4, LEASE_TTL_MS * 2] as const;

export const FAULT_DRAWS = {
  // Processes. One that is killed is started again by its service manager.
  kill: { scope: 'member', weight: 4, forMs: [0, 0] },
  kill_child: { scope: 'member', weight: 2, forMs: [0, 0] },
  terminate: { scope: 'member', weight: 1, forMs: [0, 0] },
  freeze: { scope: 'member', weight: 2, forMs: PAST_LEASE },
  // With all below it: bodies and importers stand still, too, as on a machine that is suspended.
  freeze_tree: { scope: 'member', weight: 2, forMs: PAST_LEASE },
  // Its wall clock alone is hours off for a while, and comes back.
  jump_clock: { scope: 'member', weight: 2, forMs: [1_000, 6_000] },
  // A process's way to Postgres or Redis.
  cut: { scope: 'link', weight: 2, forMs: [0, 0] },
  refuse: { scope: 'link', weight: 2, forMs: [500, 3_000] },
  swallow: { scope: 'link', weight: 1, forMs: PAST_LEASE },
  swallow_requests: { scope: 'link', weight: 1, forMs: [500, 4_000] },
  swallow_answers: { scope: 'link', weight: 1, forMs: [500, 4_000] },
  hold: { scope: 'link', weight: 2, forMs: PAST_LEASE },
  hold_requests: { scope: 'link', weight: 2, forMs: PAST_LEASE },
  hold_answers: { scope: 'link', weight: 2, forMs: SHORT },
  slow: { scope: 'link', weight: 1, forMs: [1_000, 4_000] },
  lose_answers: { scope: 'link', weight: 3, forMs: SHORT },
  half_open: { scope: 'link', weight: 1, forMs: [0, 0] },
  swizzle: { scope: 'link', weight: 1, forMs: [1_500, 3_000] },
  // Postgres.
  end_sessions: { scope: 'postgres', weight: 2, forMs: [0, 0] },
  restart_postgres: { scope: 'postgres', weight: 1, forMs: [0, 1_000] },
  crash_postgres: { scope: 'postgres', weight: 1, forMs: [0, 1_000] },
  lock_instances: { scope: 'postgres', weight: 2, forMs: [LEASE_TTL_MS, LEASE_TTL_MS * 1.6] },
  lock_pools: { scope: 'postgres', weight: 1, forMs: [1_000, 4_000] },
  // Redis.
  flush_redis: { scope: 'redis', weight: 2, forMs: [0, 0] },
  restart_redis: { scope: 'redis', weight: 1, forMs: [0, 3_000] },
  kill_redis_clients: { scope: 'redis', weight: 1, forMs: [0, 0] },
  pause_redis: { scope: 'redis', weight: 1, forMs: [500, 2_500] },
  fill_redis: { scope: 'redis', weight: 1, forMs: [500, 3_000] },
  // The disk of the log folder.
  fill_logs: { scope: 'disk', weight: 2, forMs: [500, 3_000] },
} as const satisfies Record<string, FaultDraw>;

export type FaultKind = keyof typeof FAULT_DRAWS;
export const FAULT_KINDS = Object.keys(FAULT_DRAWS) as readonly FaultKind[];

export interface PlannedFault {
  /** Since the faults began. */
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly forMs: number;
  /** Name of the process; null for a fault of a server. */
  readonly member: string | null;
  readonly link: 'postgres' | 'redis' | null;
  /** For what is left to chance when it is played. */
  readonly seed: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Between the beginnings of two faults. */
  readonly gapMs: readonly [number, number];
  readonly kinds: readonly FaultKind[];
  /** The only way that is struck; absent = either. */
  readonly link?: 'postgres' | 'redis';
}

/** Of what is struck: schedulers and workers more often than what only looks on. */
const TARGETS = MEMBERS.flatMap(({ name, role }) => Array<string>(role === 'worker' ? 4 : role === 'scheduler' ? 3 : 1).fill(name));

export function planFaults(options: ScheduleOptions): readonly PlannedFault[] {
  const { durationMs, gapMs } = options;
  const dice = new Dice(options.seed);
  const planned: PlannedFault[] = [];
  if (options.kinds.length === 0) return planned;
  const busyUntilMs = new Map<string, number>();
  let deck: FaultKind[] = [];
  for (let atMs = dice.int(...gapMs); atMs < durationMs; atMs += dice.int(...gapMs)) {
    if (deck.length === 0)
      deck = [...dice.shuffled(options.kinds.flatMap((kind) => Array<FaultKind>(FAULT_DRAWS[kind].weight).fill(kind)))];
    const fault = drawFault(dice, deck.shift() as FaultKind, atMs, options);
    // Drawn before it is looked at: what is passed over does not change what comes after.
    const takes = takenBy(fault);
    if (fault.atMs + fault.forMs > durationMs || takes.some((what) => (busyUntilMs.get(what) ?? 0) > atMs)) continue;
    for (const what of takes) busyUntilMs.set(what, atMs + fault.forMs);
    planned.push(fault);
  }
  return planned;
}

function drawFault(dice: Dice, kind: FaultKind, atMs: number, options: ScheduleOptions): PlannedFault {
  const { scope, forMs } = FAULT_DRAWS[kind];
  const member = dice.pick(TARGETS);
  const link = options.link ?? dice.pick(['postgres', 'postgres', 'redis'] as const);
  const drawnMs = dice.int(Math.round(forMs[0]), Math.round(forMs[1]));
  const seed = dice.int(0, 2 ** 31);
  const ofProcess = scope === 'member' || scope === 'link';
  return { atMs, kind, forMs: drawnMs, member: ofProcess ? member : null, link: scope === 'link' ? link : null, seed };
}

/** What is struck, in the words of a verdict: each sort has to strike in a round, but for what is dealt only now and then. */
export type Sort = 'kills' | 'freezes' | 'links' | 'postgres' | 'redis' | 'now and then';

export function sortOf(kind: FaultKind): Sort {
  const { scope } = FAULT_DRAWS[kind];
  if (kind === 'jump_clock' || scope === 'disk') return 'now and then';
  if (scope === 'member') return kind === 'freeze' || kind === 'freeze_tree' ? 'freezes' : 'kills';
  return scope === 'link' ? 'links' : scope;
}

/** A fault that has something to strike on a cluster: one without Redis, or without a disk of its own, lacks it. */
export function canStrike(kind: FaultKind, has: Readonly<Record<'redis' | 'disk', boolean>>): boolean {
  const { scope } = FAULT_DRAWS[kind];
  return scope === 'redis' || scope === 'disk' ? has[scope] : true;
}

/** What the fault strikes: nothing else strikes it meanwhile. */
export function takenBy({ kind, member, link }: PlannedFault): readonly string[] {
  if (kind === 'swizzle') return MEMBERS.map(({ name }) => `${name}/${link}`);
  return [member === null ? FAULT_DRAWS[kind].scope : link === null ? member : `${member}/${link}`];
}

/** "+12.3 s freeze worker-1 for 4.2 s" */
export function sayFault({ atMs, kind, forMs, member, link }: PlannedFault): string {
  const where = [member, link].filter((word) => word !== null).join('/');
  return `+${(atMs / 1000).toFixed(1)} s ${kind}${where === '' ? '' : ` ${where}`}${forMs === 0 ? '' : ` for ${(forMs / 1000).toFixed(1)} s`}`;
}
