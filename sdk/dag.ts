/** `dag(...)`: runs the build function once and returns the finished, checked definition. */
import { findCycle } from '#core/dag-graph.ts';
import { AppError } from '#core/errors.ts';
import { isKey, shownId } from '#core/ids.ts';
import { DAG } from './brands.ts';
import { makeBuilder } from './builder.ts';
import type { Builder } from './builder-types.ts';
import { checkControlFlow } from './check-control-flow.ts';
import { type DagOpts, type DagSettings, readDagSettings } from './dag-options.ts';
import type { Dag } from './dag-type.ts';
import { API_VERSION, type DagDefinition, type InputTree, type TaskDefinition } from './definition.ts';
import { Draft, refusePromise } from './draft.ts';
import { readInputTree } from './input-tree.ts';
import { producersOf } from './map-over.ts';
import { registeredMacros } from './plugin.ts';
import { handleOf, type Ref } from './ref.ts';
import { withParseGuard } from './runtime/parse-guard.ts';
import type { EmptySchema, InferOut, StandardSchemaV1 } from './standard-schema.ts';
import { registeredTemplateFiles } from './template-files.ts';

/** What a task may add to the time of a build function, several times what it takes. */
const BUILD_MS_PER_TASK = 0.2;

/**
 * Defines a DAG. `build` runs at once, must be quick and must not touch the world: network, timers and file
 * writes throw while it runs. Throws DAG_INVALID naming what is wrong and what to do.
 */
export function dag<P extends StandardSchemaV1 = EmptySchema, R = void>(
  id: string,
  options: DagOpts<P>,
  build: (builder: Builder<InferOut<P>>) => R,
): Dag<P, R extends Ref<infer T> ? T : R> {
  if (!isKey(id)) throw new AppError('DAG_INVALID', `DAG id ${shownId(id)} is not valid. Use letters, digits and _ . - (at most 250).`);
  if (typeof options !== 'object' || options === null || typeof build !== 'function')
    throw new AppError(
      'DAG_INVALID',
      `DAG "${id}" needs options and a build function: dag("${id}", { schedule: "@daily" }, ({ task }) => { ... }).`,
    );
  const settings = readDagSettings(id, options);
  const draft = new Draft(id);
  const context = { draft, defaultArgs: (options.defaultArgs ?? {}) as Readonly<Record<string, unknown>> };
  let result: R;
  try {
    result = withParseGuard(
      `the build function of DAG "${id}"`,
      () => build(makeBuilder(context) as Builder<InferOut<P>>),
      () => draft.tasks.size * BUILD_MS_PER_TASK,
    );
  } finally {
    draft.close();
  }
  refusePromise(draft.scope.label, result);
  return finish(draft, settings, options.params ?? null, readOutput(draft, result)) as unknown as Dag<P, R extends Ref<infer T> ? T : R>;
}

function readOutput(draft: Draft, result: unknown): InputTree {
  if (handleOf(result)?.source === null) return { kind: 'literal', value: undefined };
  return readInputTree(draft.scope.label, result, (source, owner) =>
    draft.refuseForeign(owner, source.kind === 'task' ? source.taskId : source.kind),
  );
}

/** A result that is not kept cannot be read. */
function refuseUnkept(draft: Draft): void {
  for (const { id, over } of draft.mapScopes)
    for (const producer of producersOf(over))
      if (draft.tasks.get(producer)?.settings.doXcomPush === false)
        throw new AppError('DAG_INVALID', `"${id}" maps over the result of "${producer}", which has doXcomPush: false. Remove that.`);
  for (const [reader, { reads }] of draft.edges)
    for (const id of reads)
      if (draft.tasks.get(id)?.settings.doXcomPush === false)
        throw new AppError(
          'DAG_INVALID',
          `task "${reader}" reads the result of "${id}", which has doXcomPush: false. Remove that, or order them by after.`,
        );
}

/** Checks the whole graph and makes the definition. Throws DAG_INVALID. */
export function finish(draft: Draft, settings: DagSettings, params: StandardSchemaV1 | null, output: InputTree): DagDefinition {
  const upstream = new Map([...draft.edges].map(([id, edges]) => [id, [...edges.upstream]]));
  const cycle = findCycle(upstream);
  if (cycle !== null)
    throw new AppError(
      'DAG_INVALID',
      `DAG "${draft.dagId}" has a cycle: ${cycle.join(' > ')}. Remove one of these edges (look for after, before and chain).`,
    );
  refuseUnkept(draft);
  const tasks = new Map<string, TaskDefinition>();
  for (const task of draft.tasks.values()) {
    const edges = draft.edges.get(task.id);
    tasks.set(task.id, {
      ...task,
      branchCases: draft.branchCases.get(task.id) ?? null,
      upstream: [...(edges?.upstream ?? [])].sort(),
      reads: [...(edges?.reads ?? [])].sort(),
      followsJoin: edges?.followsJoin ?? false,
    });
  }
  checkControlFlow(draft.dagId, tasks, settings.failFast);
  const macros = registeredMacros();
  const definition: DagDefinition = {
    apiVersion: API_VERSION,
    id: draft.dagId,
    settings,
    params,
    tasks,
    groups: draft.groups,
    mapScopes: draft.mapScopes,
    ...(draft.edgeLabels.size > 0 && { edgeLabels: [...draft.edgeLabels.values()] }),
    output,
    templateFiles: registeredTemplateFiles(),
    // Read when a task asks: a plugin may be imported after this file.
    get macros() {
      return macros();
    },
  };
  return Object.defineProperty(definition, DAG, { value: API_VERSION });
}
