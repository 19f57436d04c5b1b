/** `ctx.xcom` and `ctx.state`: values by name, asked of the supervisor. */
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import type { XcomPlace } from '#core/task-protocol.ts';
import type { Ctx, PullOptions } from '../context.ts';
import type { TaskHost } from './task-host.ts';
import { decodeValue, encodeValue } from './value-codec.ts';

const PULL_OPTIONS = ['key', 'mapIndexes', 'default', 'includePriorDates', 'dagId', 'runId'] as const;

export function xcomDesk(host: TaskHost): Ctx<unknown>['xcom'] {
  const pullOne = async (taskId: string, given: PullOptions<unknown>): Promise<unknown> => {
    const found = await host.request({ what: 'xcom_pull', taskId, key: given.key ?? 'return_value', ...placeOf(given) });
    return found === undefined || found === null ? given.default : decodeValue(found);
  };
  const pull = async (tasks: unknown, options?: unknown): Promise<unknown> => {
    const given = readOptions(options);
    return Array.isArray(tasks)
      ? Promise.all((tasks as string[]).map((taskId) => pullOne(taskId, given)))
      : pullOne(tasks as string, given);
  };
  return {
    push: async (key, value) => {
      await host.request({ what: 'xcom_push', key, value: encodeValue(value, `xcom "${key}"`) });
    },
    pull: pull as Ctx<unknown>['xcom']['pull'],
  };
}

export function stateDesk(host: TaskHost): Ctx<unknown>['state'] {
  return {
    get: async <T>(key: string) => {
      const found = await host.request({ what: 'state_get', key });
      return (found === undefined || found === null ? undefined : decodeValue(found)) as T | undefined;
    },
    set: async (key, value) => {
      await host.request({ what: 'state_set', key, value: encodeValue(value, `state "${key}"`) });
    },
    delete: async (key) => {
      await host.request({ what: 'state_delete', key });
    },
  };
}

function readOptions(options: unknown): PullOptions<unknown> {
  if (options === undefined || options === null) return {};
  if (typeof options === 'string') return { key: options };
  for (const name of Object.keys(options)) {
    if ((PULL_OPTIONS as readonly string[]).includes(name)) continue;
    const near = closest(name, [...PULL_OPTIONS]);
    throw new AppError(
      'BAD_REQUEST',
      `Unknown option "${name}" of ctx.xcom.pull. ${near ? `Did you mean "${near}"?` : `Known: ${PULL_OPTIONS.join(', ')}.`}`,
    );
  }
  return options as PullOptions<unknown>;
}

function placeOf({ mapIndexes, includePriorDates, dagId, runId }: PullOptions<unknown>): XcomPlace {
  return {
    ...(mapIndexes !== undefined && { mapIndexes: typeof mapIndexes === 'number' ? [mapIndexes] : mapIndexes }),
    ...(includePriorDates !== undefined && { includePriorDates }),
    ...(dagId !== undefined && { dagId }),
    ...(runId !== undefined && { runId }),
  };
}
