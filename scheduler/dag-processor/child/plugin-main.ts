/**
 * The caged process of one plugin: imports its bundle, then answers for its timetables, strategies and secrets and hears
 * events for its listeners. It lives as long as its host; an endless loop in it is ended by the host's time limit.
 */
import { pathToFileURL } from 'node:url';
import {
  type FromPlugin,
  PLUGIN_KINDS,
  type PluginQuestion,
  type Provides,
  type ToPlugin,
  type WeighedByPlugin,
} from '#core/plugin-protocol.ts';
import { brandOf, PLUGIN } from '#sdk/brands.ts';
import { type Plugin, readLinks } from '#sdk/plugin.ts';
import { reportOf } from '#sdk/runtime/body-error.ts';
import { registerConnectors } from '#sdk/runtime/connectors.ts';
import { openChannel } from './channel.ts';
import { planRun } from './plan-run.ts';

let plugin: Plugin | null = null;
let settings: Readonly<Record<string, string>> = {};
const channel = openChannel((message) => obey(message as ToPlugin));

function answer(message: FromPlugin): void {
  channel.send(message);
}

function obey(message: ToPlugin): void {
  if (message.type === 'load') void load(message);
  else void reply(message);
}

// What a listener left running may fail; that must not end the timetables beside it.
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error: unknown) => {
    if (plugin === null) fail(error);
    else process.stderr.write(`uncaught: ${reportOf(error).stack}\n`);
  });

function fail(error: unknown): void {
  const { message, stack } = reportOf(error);
  answer({ type: 'failed', message, stack });
}

async function load(message: Extract<ToPlugin, { type: 'load' }>): Promise<void> {
  try {
    settings = Object.freeze({ ...message.settings });
    registerConnectors();
    const module = (await import(pathToFileURL(message.bundleFile).href)) as Record<string, unknown>;
    const found = module['default'];
    if (brandOf(found, PLUGIN) === undefined)
      throw new Error('The file has no plugin as its default export. Write: export default definePlugin({ name: "..." })');
    plugin = found as Plugin;
    answer({ type: 'loaded', name: plugin.name, provides: namesOf(plugin), links: readLinks(plugin) });
  } catch (error) {
    fail(error);
  }
}

function namesOf(found: Plugin): Provides {
  const names = PLUGIN_KINDS.map((kind) => [kind, Object.keys(found[kind] ?? {}).sort()]);
  return Object.fromEntries(names) as Provides;
}

async function reply({ id, question }: Extract<ToPlugin, { type: 'ask' }>): Promise<void> {
  try {
    answer({ type: 'answer', id, value: (await ask(question)) ?? null });
  } catch (error) {
    answer({ type: 'refused', id, message: reportOf(error).message });
  }
}

function ask(question: PluginQuestion): unknown {
  switch (question.what) {
    case 'next_run': {
      const timetable = plugin?.timetables?.[question.timetable];
      if (timetable === undefined) throw new Error(`the plugin offers no timetable "${question.timetable}"`);
      return planRun(question.timetable, timetable, question.question);
    }
    case 'weigh':
      return question.tasks.map((task) => weigh(question.strategy, task));
    case 'connection':
      return plugin?.secrets?.getConnection?.(question.id, settings);
    case 'variable':
      return plugin?.secrets?.getVariable?.(question.key, settings);
    case 'hear':
      // The host sends each listener the event it is typed for.
      return (plugin?.listeners?.[question.listener] as ((event: object) => unknown) | undefined)?.(question.event);
  }
}

function weigh(name: string, task: WeighedByPlugin): number {
  const strategy = plugin?.priorityStrategies?.[name];
  if (strategy === undefined) throw new Error(`the plugin offers no priority strategy "${name}"`);
  const weight: unknown = strategy(task);
  if (typeof weight === 'number' && Number.isFinite(weight)) return weight;
  throw new Error(`priority strategy "${name}" must return a number for task "${task.taskId}", but returned ${String(weight)}`);
}
