import { SPEC_VERSION } from '#core/dag-spec.ts';
import type { Queryable } from '../client.ts';
import { Parameters } from '../parameters.ts';
import { type BodyStart, beginSteps } from './begin-bodies.ts';
import { CLAIMED_COLUMNS, type Claim, type Claimed, claimSteps } from './claim-task-instances.ts';
import { type Finish, finishSteps } from './finish-attempts.ts';

/** All that a worker has to say of its attempts at one moment. An attempt may be in it once. */
export interface AttemptWrites {
  readonly workerId: string;
  readonly hostname: string;
  readonly leaseTtlMs: number;
  readonly claims: readonly Claim[];
  readonly starts: readonly BodyStart[];
  readonly finishes: readonly Finish[];
}

export interface AttemptsWritten {
  /** A claim missing here is stale or a duplicate: forget it, somebody else has it or it was changed. */
  readonly claimed: readonly Claimed[];
  /** Attempts whose bodies may run. One missing has lost its lease: do not run the body. */
  readonly begun: ReadonlySet<string>;
  /** Attempts whose end was written. One missing had lost its lease: nothing of it was written, and nothing may be. */
  readonly finished: ReadonlySet<string>;
  /** DAGs that wait for the assets of which events were written: a run of theirs may be due. */
  readonly assetDagIds: readonly string[];
}

/** Claims come a row each, and one more row says the rest. */
interface Said {
  readonly said: {
    readonly begun: readonly string[] | null;
    readonly finished: readonly string[] | null;
    readonly assets: readonly string[] | null;
  };
}

const CLAIMED = CLAIMED_COLUMNS.map(([name, , value]) => `${value} as "${name}"`).join(', ');
const NOBODY = CLAIMED_COLUMNS.map(([, type]) => `null::${type}`).join(', ');
const STARTED = `select task_instance_id, 'start' as event, 'queued' as from_state, 'running' as to_state, try_number, lease_epoch, null::text as reason from claimed`;
const ENDED = `select task_instance_id, event, 'running' as from_state, to_state, try_number, lease_epoch, reason from moved`;

/**
 * writeAttempts    who: worker, one at a time: whatever its slots have to say meanwhile is in the next one.
 * One statement, so one commit: claims (before anything else with a rung instance), notes that bodies begin (before the
 * process gets to run them) and ends, each with its event. Locks the instances that are claimed and finished, by id.
 * It holds the steps that the batch needs, so there are a few statements, each with a plan of its own.
 * A row missing from an answer was fenced off, see AttemptsWritten.
 */
export async function writeAttempts(db: Queryable, writes: AttemptWrites): Promise<AttemptsWritten> {
  const { claims, starts, finishes, ...given } = writes;
  if (claims.length + starts.length + finishes.length === 0) return { claimed: [], begun: new Set(), finished: new Set(), assetDagIds: [] };
  const at = new Parameters({ ...given, specVersion: SPEC_VERSION });
  const claiming = claims.length === 0 ? [] : claimSteps(claims, at);
  const starting = starts.length === 0 ? [] : beginSteps(starts, at);
  const finishing = finishes.length === 0 ? [] : finishSteps(finishes, at);
  const moves = [...(claiming.length > 0 ? [STARTED] : []), ...(finishing.length > 0 ? [ENDED] : [])];
  const history = `history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, reason, actor)
  select m.*, 'worker:' || ${at.named('workerId', 'text')} from (${moves.join(' union all ')}) m
)`;
  const steps = [...claiming, ...starting, ...finishing, ...(moves.length > 0 ? [history] : [])];
  const idsOf = (step: string, column: string) => (isStep(steps, step) ? `(select json_agg(${column}) from ${step})` : 'null');
  const said = `json_build_object('begun', ${idsOf('begun', 'attempt_id')}, 'finished', ${idsOf('moved', 'attempt_id')}, 'assets', ${idsOf('queued', 'dag_id')}) as said`;
  const answers =
    claiming.length === 0 ? [`select ${said}`] : [`select ${CLAIMED}, null::json as said from claimed`, `select ${NOBODY}, ${said}`];
  const text = `with ${steps.join(', ')}\n${answers.join(' union all ')}`;
  const { rows } = await db.query<Claimed & Said>({ name: `write_attempts:${shapeOf(steps)}`, text }, at.values);
  const rest = rows.find((row) => row.said !== null)?.said;
  return {
    claimed: rows.filter((row) => row.said === null),
    begun: new Set(rest?.begun),
    finished: new Set(rest?.finished),
    assetDagIds: [...new Set(rest?.assets)],
  };
}

function isStep(steps: readonly string[], name: string): boolean {
  return steps.some((step) => new RegExp(`\\b${name} as \\(`).test(step));
}

/** The same steps are always the same text: the first letters of the steps that come and go name it. */
function shapeOf(steps: readonly string[]): string {
  return steps.map((step) => /\w{1,3}/.exec(step)?.[0] ?? '').join('');
}
