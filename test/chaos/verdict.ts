/** What a chaos run comes to, on one screen. */
import type { Broken, Evidence } from './checks/check.ts';
import type { Cluster } from './cluster.ts';
import type { Nemesis } from './nemesis/nemesis.ts';
import type { Sampler } from './sampler.ts';
import type { BrokerKind } from './settings.ts';

export interface Totals {
  /** By kind: faults that found something to strike. */
  readonly struck: Readonly<Record<string, number>>;
  readonly missed: readonly string[];
  /** What the links counted, over all processes. */
  readonly links: Readonly<Record<string, number>>;
  readonly starts: number;
  readonly attempts: Readonly<Record<string, number>>;
  readonly runs: Readonly<Record<string, number>>;
  readonly shardMoves: number;
  readonly bodies: number;
  readonly bodiesCutOff: number;
  readonly samples: number;
  readonly actions: Readonly<Record<string, number>>;
  readonly apiRetries: number;
}

export interface Verdict {
  readonly seed: number;
  readonly broker: BrokerKind;
  readonly durationMs: number;
  readonly totals: Totals;
  readonly broken: readonly Broken[];
  /** Where the evidence is; null = it was not worth keeping. */
  readonly folder: string | null;
}

const VIOLATIONS_SHOWN = 5;

/** What had been counted on the cluster when the round began. */
export interface Mark {
  readonly links: Readonly<Record<string, number>>;
  readonly starts: number;
  readonly at: Date;
}

export async function markOf(cluster: Cluster): Promise<Mark> {
  const rows = await cluster.sql<{ at: Date }>('select clock_timestamp() as at');
  return { ...countsOf(cluster), at: rows[0]?.at as Date };
}

function countsOf(cluster: Cluster): Omit<Mark, 'at'> {
  const links: Record<string, number> = {};
  for (const { links: ofMember } of cluster.members)
    for (const link of Object.values(ofMember)) for (const [name, n] of Object.entries(link.counts)) links[name] = (links[name] ?? 0) + n;
  return { links, starts: cluster.members.reduce((sum, member) => sum + member.starts, 0) };
}

export interface Round {
  readonly nemesis: Nemesis;
  readonly sampler: Sampler;
  readonly before: Mark;
}

/** Of this round alone. */
export async function countTotals({ cluster, lives, users }: Evidence, { nemesis, sampler, before }: Round): Promise<Totals> {
  const count = async (text: string) => {
    const rows = await cluster.sql<{ name: string; n: number }>(text, [before.at]);
    return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
  };
  const now = countsOf(cluster);
  const moves = await count('select 1 as name, count(*)::int as n from chaos_shard_log where owner is not null and at >= $1');
  const bodies = lives.filter((life) => life.startMs >= before.at.getTime());
  return {
    struck: Object.fromEntries(nemesis.struck),
    missed: nemesis.missed,
    links: Object.fromEntries(Object.entries(now.links).map(([name, n]) => [name, n - (before.links[name] ?? 0)])),
    starts: now.starts - before.starts,
    attempts: await count(
      `select coalesce(outcome, 'open') as name, count(*)::int as n from task_attempt where claimed_at >= $1 group by 1 order by 2 desc`,
    ),
    runs: await count('select state as name, count(*)::int as n from dag_run where queued_at >= $1 group by 1 order by 2 desc'),
    shardMoves: moves['1'] ?? 0,
    bodies: bodies.length,
    bodiesCutOff: bodies.filter((life) => life.how === null).length,
    samples: sampler.samples,
    actions: Object.fromEntries(users.done),
    apiRetries: users.retries,
  };
}

export function sayVerdict(verdict: Verdict): string {
  const { seed, broker, durationMs, totals, broken, folder } = verdict;
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .filter(([, n]) => n > 0)
      .map(([name, n]) => `${name} ${n}`)
      .join(', ');
  const sum = Object.values(totals.struck).reduce((all, n) => all + n, 0);
  return [
    `seed ${seed}, ${broker}, ${Math.round(durationMs / 1000)} s: ${broken.length === 0 ? 'GREEN' : 'RED'}`,
    `  faults    ${sum}: ${list(totals.struck)}`,
    `  links     ${list(totals.links)}`,
    `  processes ${totals.starts} starts; shards changed hands ${totals.shardMoves} times`,
    `  attempts  ${list(totals.attempts)}; bodies ${totals.bodies}, of them cut off ${totals.bodiesCutOff}`,
    `  runs      ${list(totals.runs)}`,
    `  people    ${list(totals.actions)}; asked again ${totals.apiRetries} times`,
    `  looked    ${totals.samples} times while it ran${totals.missed.length === 0 ? '' : `; ${totals.missed.length} faults could not be done`}`,
    ...broken.flatMap(({ id, promise, violations }) => [
      `  BROKEN ${id}: ${promise}`,
      ...violations.slice(0, VIOLATIONS_SHOWN).map((words) => `    ${words}`),
      ...(violations.length > VIOLATIONS_SHOWN ? [`    and ${violations.length - VIOLATIONS_SHOWN} more`] : []),
    ]),
    ...(folder === null
      ? []
      : [
          `  evidence  ${folder}`,
          `  again     npm run chaos -- --seed ${seed} --minutes ${durationMs / 60_000}${broker === 'redis' ? '' : ` --broker ${broker}`}`,
        ]),
  ].join('\n');
}
