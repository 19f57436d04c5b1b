/** Renders a template with plain values, as a task with that context would. */
import type { AttemptContext, RequestBody } from '#core/task-protocol.ts';
import type { Macros } from '#sdk/plugin.ts';
import { TemplateRenderer } from '#sdk/runtime/template/template-renderer.ts';

export const ATTEMPT: AttemptContext = {
  attemptId: 'attempt',
  dagId: 'etl',
  runId: 'scheduled__2026-11-22',
  runType: 'scheduled',
  taskId: 'load',
  mapIndex: -1,
  tryNumber: 2,
  maxTries: 3,
  logicalDate: '2026-11-22T00:00:00.000Z',
  dataIntervalStart: '2026-11-22T00:00:00.000Z',
  dataIntervalEnd: '2026-11-23T00:00:00.000Z',
  runAfter: '2026-11-23T00:00:00.000Z',
  params: { limit: 10, name: 'north', items: [1, 2] },
  firstStartedAt: null,
  idempotencyKey: 'key',
  scratchFolder: '/tmp/windlass-scratch-test',
};

export interface RenderOptions {
  readonly attempt?: Partial<AttemptContext>;
  readonly params?: unknown;
  readonly macros?: Macros;
  readonly answer?: (body: RequestBody) => unknown;
  readonly values?: Readonly<Record<string, unknown>>;
}

export function render(text: string, options: RenderOptions = {}): Promise<string> {
  const attempt = { ...ATTEMPT, ...options.attempt };
  const renderer = new TemplateRenderer({
    attempt,
    params: options.params ?? attempt.params,
    macros: options.macros ?? {},
    host: {
      log: () => undefined,
      request: async (body) => options.answer?.(body) ?? null,
      heartbeat: () => undefined,
      signal: new AbortController().signal,
    },
  });
  return renderer.render(text, options.values);
}
