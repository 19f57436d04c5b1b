/** Turns the calls of a build function into a draft. Types live in builder-types.ts; here everything is unknown. */
import { AppError } from '#core/errors.ts';
import { brandOf, TASK_DEFINITION } from './brands.ts';
import { buildApproval, buildApprovalBranch, buildEntry } from './build-approval.ts';
import { buildBranch } from './build-branch.ts';
import { buildEvent } from './build-event.ts';
import { buildEmpty, buildGate, buildLatestOnly } from './build-gate.ts';
import { buildGroup, buildMapGroup } from './build-group.ts';
import { buildSensor } from './build-sensor.ts';
import { buildBetween, buildSetup, buildTeardown } from './build-setup.ts';
import { buildTrigger } from './build-trigger.ts';
import type { Builder } from './builder-types.ts';
import type { Scope } from './draft.ts';
import { isLabelled, type Labelled, labelled } from './edge-label.ts';
import { taskHandle } from './handles.ts';
import { type BuildContext, makeTask, readBody, readInput, readMapLimits, readOptions } from './make-task.ts';
import { producersOf, readOver } from './map-over.ts';
import { makeRef } from './ref.ts';
import { type Hook, MAP_OPTION_TABLE, TASK_OPTION_TABLE } from './task-options.ts';

/** The builder of the scope that is open now. It also serves scopes within, but not after its own has closed. */
export function makeBuilder(context: BuildContext): Builder<unknown> {
  const { draft } = context;
  const own: Scope = draft.scope;
  const open = <A extends unknown[], R>(build: (...args: A) => R) => {
    return (...args: A): R => {
      if (own.open) return build(...args);
      throw new AppError(
        'DAG_INVALID',
        `The build function of ${own.label} has ended; nothing can be added to it now. Tasks cannot be made inside handlers.`,
      );
    };
  };
  const builder = {
    params: makeRef({ draft, id: 'params', heads: () => [], tails: () => [], isJoin: false, source: { kind: 'params', path: [] } }),
    task: open((...args: unknown[]) => buildTask(context, args)),
    map: open((...args: unknown[]) => buildMap(context, args)),
    sensor: open((...args: unknown[]) => buildSensor(context, args)),
    gate: open((...args: unknown[]) => buildGate(context, args)),
    branch: open((...args: unknown[]) => buildBranch(context, makeBuilder, args)),
    latestOnly: open((...args: unknown[]) => buildLatestOnly(context, args)),
    empty: open((...args: unknown[]) => buildEmpty(context, args)),
    setup: open((...args: unknown[]) => buildSetup(context, args)),
    teardown: open((...args: unknown[]) => buildTeardown(context, args)),
    between: open((...args: unknown[]) => buildBetween(context, makeBuilder, args)),
    group: open((...args: unknown[]) => buildGroup(context, makeBuilder, args)),
    mapGroup: open((...args: unknown[]) => buildMapGroup(context, makeBuilder, args)),
    chain: open((...steps: unknown[]) => buildChain(context, steps)),
    trigger: open((...args: unknown[]) => buildTrigger(context, args)),
    waitForEvent: open((...args: unknown[]) => buildEvent(context, args)),
    approval: open((...args: unknown[]) => buildApproval(context, args)),
    approvalBranch: open((...args: unknown[]) => buildApprovalBranch(context, makeBuilder, args)),
    entry: open((...args: unknown[]) => buildEntry(context, args)),
  };
  return builder as unknown as Builder<unknown>;
}

function buildTask(context: BuildContext, args: readonly unknown[]): unknown {
  const [id, second, third, fourth] = args;
  const isDefinition = brandOf(second, TASK_DEFINITION) !== undefined;
  const direct = typeof second === 'function' || isDefinition;
  const body = readBody('task', id, direct ? second : third);
  const taskId = makeTask(context, {
    what: 'task',
    localId: id,
    kind: 'task',
    call: direct && !isDefinition ? 'context' : 'input',
    body,
    input: direct ? (isDefinition ? {} : undefined) : readInput('task', id, second),
    options: readOptions('task', id, direct ? third : fourth),
    table: TASK_OPTION_TABLE,
  });
  return makeRef(taskHandle(context.draft, taskId));
}

function buildMap(context: BuildContext, args: readonly unknown[]): unknown {
  const { draft } = context;
  const [id, over, third, fourth, fifth] = args;
  const shared = typeof third !== 'function' && brandOf(third, TASK_DEFINITION) === undefined;
  const options = readOptions('map', id, shared ? fifth : fourth);
  const where = `map "${String(id)}"`;
  const list = readOver(draft, where, over);
  const fullId = draft.scope.prefix + String(id);
  const taskId = makeTask(context, {
    what: 'map',
    localId: id,
    kind: 'task',
    call: shared ? 'item_input' : 'item',
    body: readBody('map', id, shared ? fourth : third),
    input: shared ? readInput('map', id, third) : undefined,
    options,
    table: MAP_OPTION_TABLE,
    extra: { mapScope: fullId, label: (options['label'] as Hook | undefined) ?? null },
  });
  draft.mapScopes.push({ id: taskId, over: list, ...readMapLimits(where, options) });
  for (const producer of producersOf(list)) draft.addEdge(producer, taskId);
  return makeRef(taskHandle(draft, taskId, []));
}

function buildChain({ draft }: BuildContext, steps: readonly unknown[]): void {
  const lists: (readonly unknown[])[] = [];
  let words: Labelled | null = null;
  for (const step of steps) {
    if (isLabelled(step) && step.node === null) {
      words = step;
      continue;
    }
    const list: readonly unknown[] = Array.isArray(step) ? step : [step];
    const { text } = words ?? {};
    const ends = text === undefined ? list : list.map((node) => (isLabelled(node) ? node : labelled(node, text)));
    if (lists.length > 0) draft.order(lists.at(-1) as unknown[], ends);
    lists.push(list);
    words = null;
  }
  // One step orders nothing, but a wrong one should not pass unseen.
  if (lists.length === 1) for (const node of lists[0] as unknown[]) draft.orderable(node);
}
