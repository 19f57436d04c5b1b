/** What a body may ask for in a test: what the test gave, and what the tasks of the run pushed. */
import { AppError } from '#core/errors.ts';
import type { LogLevel, RequestBody, RunMessage } from '#core/task-protocol.ts';
import type { TaskHost } from '#sdk/runtime/task-host.ts';
import { encodeValue } from '#sdk/runtime/value-codec.ts';

export interface TestWorld {
  /** By id; each is what `ctx.conn(id)` resolves with, a fake client for instance. */
  readonly connections?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, string>>;
}

export interface TestLog {
  readonly taskId: string;
  readonly level: LogLevel;
  readonly message: string;
}

export class TestHost {
  readonly #world: TestWorld;
  /** "task, key" -> map index -> value, encoded. */
  readonly #pushed = new Map<string, Map<number, unknown>>();
  readonly logs: TestLog[] = [];

  constructor(world: TestWorld) {
    this.#world = world;
  }

  for({ context: { taskId, mapIndex } }: RunMessage): TaskHost {
    return {
      log: (level, message) => void this.logs.push({ taskId, level, message }),
      request: async (body) => this.#answer(body, taskId, mapIndex),
      heartbeat: () => {},
      signal: new AbortController().signal,
    };
  }

  keep(taskId: string, mapIndex: number, key: string, value: unknown): void {
    const name = JSON.stringify([taskId, key]);
    this.#pushed.set(name, (this.#pushed.get(name) ?? new Map()).set(mapIndex, value));
  }

  /** The values of a task's instances, in map order. */
  valuesOf(taskId: string, key: string): readonly unknown[] {
    const found = this.#pushed.get(JSON.stringify([taskId, key])) ?? new Map<number, unknown>();
    return [...found].sort(([a], [b]) => a - b).map(([, value]) => value);
  }

  #answer(body: RequestBody, taskId: string, mapIndex: number): unknown {
    const { connections = {}, variables = {} } = this.#world;
    switch (body.what) {
      case 'connection':
        if (Object.hasOwn(connections, body.id)) return connections[body.id];
        throw new AppError(
          'CONNECTION_NOT_FOUND',
          `The test gives no connection "${body.id}". Give one: { connections: { ${JSON.stringify(body.id)}: … } }.`,
        );
      case 'variable':
        return Object.hasOwn(variables, body.key) ? variables[body.key] : null;
      case 'xcom_push':
        this.keep(taskId, mapIndex, body.key, body.value);
        return null;
      case 'xcom_pull': {
        const values = this.valuesOf(body.taskId, body.key);
        return values.length > 1 ? encodeValue(values) : values[0];
      }
      default:
        throw new AppError(
          'BAD_REQUEST',
          `A test runs one DAG by itself: "${body.what}" has nothing to answer it. Mock the task: { mock: { ${taskId}: … } }.`,
        );
    }
  }
}
