/** `approval()` and `hitl()` in Windlass's words: an approval task whose answer has the shape of Airflow's. */
import { brandOf, OUTCOME } from '../brands.ts';
import { buildApproval } from '../build-approval.ts';
import type { BuildContext } from '../make-task.ts';
import type { StandardSchemaV1 } from '../standard-schema.ts';
import type { HITLParam, HITLResult, HITLUser } from './hitl.ts';
import { invalid, isRecord } from './invalid.ts';
import type { TaskRecord } from './records.ts';
import type { JsonValue } from './types.ts';

type Given = Readonly<Record<string, unknown>>;

/** Airflow's name -> what is done with it; others are refused. */
const SHARED = ['subject', 'body', 'assignedUsers', 'params', 'responseTimeout', 'defaults'];
const OWN: Readonly<Record<string, readonly string[]>> = {
  approval: [...SHARED, 'ignoreDownstreamTriggerRules', 'failOnReject'],
  hitl: [...SHARED, 'options', 'multiple'],
};

/** Throws DAG_INVALID for an option that is not known, or not of its kind. */
export function placeHitl(context: BuildContext, task: TaskRecord, operator: 'approval' | 'hitl', given: Given, input: Given): void {
  const where = `${operator}() of task "${task.id}" in DAG "${context.draft.dagId}"`;
  const unknown = Object.keys(given).find((name) => !OWN[operator]?.includes(name));
  if (unknown !== undefined) throw invalid(`Unknown option "${unknown}" of ${where}. Known: ${OWN[operator]?.join(', ')}.`);
  const { assignedUsers, params, responseTimeout, defaults, ...same } = given;
  if (operator === 'hitl' && same['options'] === undefined) throw invalid(`${where} needs options: a list of texts to choose from.`);
  if (responseTimeout !== undefined && !(Number.isInteger(responseTimeout) && (responseTimeout as number) > 0))
    throw invalid(`Option "responseTimeout" of ${where} must be a whole number of seconds.`);
  buildApproval(context, [
    task.localId,
    input,
    {
      ...task.options,
      ...same,
      ...(assignedUsers !== undefined && { assignees: (assignedUsers as readonly HITLUser[]).map((user) => user.id) }),
      ...(params !== undefined && { form: formOf(where, params) }),
      ...(responseTimeout !== undefined && { timeout: (responseTimeout as number) * 1_000 }),
      // Without a timeout nobody ever falls back on them.
      ...(responseTimeout !== undefined && defaults !== undefined && { fallback: defaults }),
    },
  ]);
  const { run } = context.draft.tasks.get(task.id) as { run: (...args: unknown[]) => unknown };
  context.draft.change(task.id, { run: async (...args: unknown[]) => inAirflowsShape(await run(...args)) });
}

/** The question goes out as it is; the answer comes back in the words of Airflow's SDK. */
function inAirflowsShape(returned: unknown): unknown {
  const outcome = brandOf(returned, OUTCOME);
  if (outcome === 'decided') return { ...(returned as object), value: resultOf((returned as { value: Answer }).value) };
  return outcome === undefined ? resultOf(returned as Answer) : returned;
}

interface Answer {
  readonly choices: readonly string[];
  readonly form: unknown;
  readonly by: string | null;
  readonly at: Date;
  readonly timedOut: boolean;
}

function resultOf({ choices, form, by, at, timedOut }: Answer): HITLResult {
  return {
    chosenOptions: [...choices],
    paramsInput: (form ?? {}) as Record<string, JsonValue>,
    respondedAt: at.toISOString(),
    respondedByUser: by === null ? null : { id: by, name: by },
    timedout: timedOut,
  };
}

/** Airflow's params as the schema of a form; their values are checked by the JSON Schema where the answer arrives. */
function formOf(where: string, params: unknown): StandardSchemaV1 & { toJSONSchema(): object } {
  if (!isRecord(params)) throw invalid(`Option "params" of ${where} must be an object of { value, description, schema }.`);
  const entries = Object.entries(params as Readonly<Record<string, HITLParam>>);
  const defaults = Object.fromEntries(entries.map(([name, param]) => [name, param.value]));
  const properties = Object.fromEntries(
    entries.map(([name, { value, description, schema }]) => [
      name,
      { ...schema, ...(description !== undefined && { description }), default: value },
    ]),
  );
  return {
    '~standard': { version: 1, vendor: 'windlass', validate: (value: unknown) => ({ value: { ...defaults, ...(value as object) } }) },
    toJSONSchema: () => ({ type: 'object', properties }),
  };
}
