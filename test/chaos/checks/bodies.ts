/** What the bodies say they did, against what Windlass says they did. */
import type { Life } from '../ledger.ts';
import type { Check, Evidence } from './check.ts';

interface AttemptRow {
  readonly attemptId: string;
  readonly taskInstanceId: string;
  readonly clearNumber: number;
  readonly tryNumber: number;
  readonly pid: number | null;
  readonly outcome: string | null;
  readonly name: string;
  readonly begunMs: number | null;
  readonly endedMs: number | null;
  readonly retryDelayMs: number;
}

export interface Matched {
  readonly life: Life;
  readonly attempt: AttemptRow | null;
}

/** Both clocks are the machine's, read by two processes. */
const CLOCKS_MS = 20;
/** A body that was cut off may say one last word while the system is busy killing it. */
const LAST_WORD_MS = 1_000;
/** Outcomes after which the same try may begin again. */
const GOES_ON: ReadonlySet<string | null> = new Set(['deferred', 'rescheduled', 'handed_back']);

async function readAttempts({ cluster }: Evidence): Promise<readonly AttemptRow[]> {
  const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;
  return cluster.sql<AttemptRow>(`
    select a.attempt_id as "attemptId", a.task_instance_id as "taskInstanceId", a.clear_number as "clearNumber", a.try_number as "tryNumber",
           a.pid, a.outcome, ${ms('a.body_started_at')} as "begunMs", ${ms('a.ended_at')} as "endedMs", coalesce((t ->> 'retryDelayMs')::float8, 0) as "retryDelayMs",
           r.dag_id || ' ' || r.run_id || ' ' || ti.task_id || case when ti.map_index < 0 then '' else '[' || ti.map_index || ']' end as name
      from task_attempt a join task_instance ti using (task_instance_id) join dag_run r using (dag_run_id) join dag_version v using (version_id)
      left join lateral (select t from jsonb_array_elements(v.spec -> 'tasks') t where t ->> 'taskId' = ti.task_id limit 1) s on true
     order by a.claimed_at`);
}

/** Each life with the attempt it was: the newest of its try and process that had begun by then. */
export function matchLives(lives: readonly Life[], attempts: readonly AttemptRow[]): readonly Matched[] {
  const keyOf = (one: { taskInstanceId: string; clearNumber: number; tryNumber: number; pid: number | null }) =>
    [one.taskInstanceId, one.clearNumber, one.tryNumber, one.pid].join('/');
  const byKey = Map.groupBy(attempts, keyOf);
  return lives.map((life) => {
    const mine = (byKey.get(keyOf(life)) ?? []).filter(
      (attempt) => (attempt.begunMs ?? Number.POSITIVE_INFINITY) <= life.startMs + CLOCKS_MS,
    );
    return { life, attempt: mine.toSorted((a, b) => (b.begunMs ?? 0) - (a.begunMs ?? 0))[0] ?? null };
  });
}

async function match(evidence: Evidence): Promise<{ readonly matched: readonly Matched[]; readonly attempts: readonly AttemptRow[] }> {
  const attempts = await readAttempts(evidence);
  return { matched: matchLives(evidence.lives, attempts), attempts };
}

function say({ name, token, startMs }: Life): string {
  return `${name} (ledger ${token}, ${new Date(startMs).toISOString()})`;
}

/** One that stood still with its worker past its lease is killed by its own dead-man switch as soon as it goes on. */
function isLastWordOfThawed(life: Life, thawed: Evidence['cluster']['thawed']): boolean {
  return thawed.some(({ pid, atMs }) => pid === life.pid && life.lastMs >= atMs - CLOCKS_MS && life.lastMs <= atMs + LAST_WORD_MS);
}

export const BODY_CHECKS: readonly Check[] = [
  {
    id: 'INV-11',
    promise: 'Whatever ran is an attempt, and each attempt ran its body once; whatever won really came to its end.',
    async violations(evidence) {
      const { matched, attempts } = await match(evidence);
      const ghosts = matched.filter((one) => one.attempt === null).map(({ life }) => `${say(life)}: ran, and is no attempt`);
      const ofAttempt = Map.groupBy(
        matched.filter((one) => one.attempt !== null),
        (one) => one.attempt?.attemptId as string,
      );
      const twice = [...ofAttempt]
        .filter(([, lives]) => lives.length > 1)
        .map(([id, lives]) => `attempt ${id}: ${lives.map(({ life }) => say(life)).join(' and ')}`);
      const hollow = attempts
        .filter(
          (attempt) =>
            attempt.outcome === 'success' &&
            (attempt.endedMs ?? 0) < evidence.readMs &&
            !ofAttempt.get(attempt.attemptId)?.some(({ life }) => life.how === 'ok'),
        )
        .map((attempt) => `${attempt.name}: attempt ${attempt.attemptId} won, and its body never came to its end`);
      return [...ghosts, ...twice, ...hollow];
    },
  },
  {
    id: 'INV-12',
    promise: 'The body of a try begins once, unless it waits or is handed back: with retries 0 it begins once.',
    async violations(evidence) {
      const { matched } = await match(evidence);
      const counted = matched.filter(({ life, attempt }) => life.how !== 'later' && !GOES_ON.has(attempt?.outcome ?? ''));
      const byTry = Map.groupBy(counted, ({ life }) => [life.taskInstanceId, life.clearNumber, life.tryNumber].join('/'));
      return [...byTry.values()]
        .filter((lives) => lives.length > 1)
        .map((lives) => `began ${lives.length} times: ${lives.map(({ life }) => say(life)).join(', ')}`);
    },
  },
  {
    id: 'INV-13',
    promise: 'Two bodies of one task instance are never alive at the same time.',
    async violations({ lives, cluster: { thawed } }) {
      const wrong: string[] = [];
      for (const mine of Map.groupBy(lives, (life) => life.taskInstanceId).values()) {
        const inOrder = mine.toSorted((a, b) => a.startMs - b.startMs);
        for (const [number, life] of inOrder.entries()) {
          const next = inOrder[number + 1];
          if (next !== undefined && life.lastMs > next.startMs + LAST_WORD_MS && !isLastWordOfThawed(life, thawed))
            wrong.push(`${say(life)}: lived on for ${life.lastMs - next.startMs} ms after ${say(next)} began`);
        }
      }
      return wrong;
    },
  },
  {
    id: 'INV-14',
    promise: 'A task is given the results of the attempts that won, and no others.',
    async violations(evidence) {
      const { matched } = await match(evidence);
      const byToken = new Map(matched.map((one) => [one.life.token, one]));
      return matched
        .filter(({ attempt }) => attempt?.outcome === 'success')
        .flatMap(({ life }) =>
          Object.entries(life.saw).flatMap(([task, token]) => {
            if (token === null) return [`${say(life)}: was not given the result of ${task}`];
            const giver = byToken.get(token);
            if (giver?.attempt?.outcome === 'success' && giver.life.runId === life.runId && giver.life.dagId === life.dagId) return [];
            return [`${say(life)}: was given the result of ${task} from ${giver ? say(giver.life) : token}, which did not win`];
          }),
        );
    },
  },
  {
    id: 'INV-17',
    promise: 'A try waits for its retry delay, from the end of the body before it.',
    async violations(evidence) {
      const { matched } = await match(evidence);
      const ofInstance = Map.groupBy(matched, ({ life }) => `${life.taskInstanceId}/${life.clearNumber}`);
      return [...ofInstance.values()].flatMap((mine) => {
        const inOrder = mine.toSorted((a, b) => a.life.startMs - b.life.startMs);
        return inOrder.flatMap(({ life, attempt }, number) => {
          const before = inOrder[number - 1]?.life;
          if (before === undefined || attempt === null || before.tryNumber >= life.tryNumber) return [];
          const waitedMs = life.startMs - before.lastMs;
          if (waitedMs >= attempt.retryDelayMs - CLOCKS_MS) return [];
          return [`${say(life)}: began ${waitedMs} ms after the try before it, retryDelay is ${attempt.retryDelayMs} ms`];
        });
      });
    },
  },
];
