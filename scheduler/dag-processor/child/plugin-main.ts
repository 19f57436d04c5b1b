/**
 * The caged process of one plugin: imports its bundle, then answers for its timetables and hears events for its
 * listeners. It lives as long as its host; an endless loop in it is ended by the host's time limit.
 */
import { pathToFileURL } from 'node:url';
import { brandOf, PLUGIN } from '#sdk/brands.ts';
import type { Plugin } from '#sdk/plugin.ts';
import { reportOf } from '#sdk/runtime/body-error.ts';
import { openChannel } from './channel.ts';
import { planRun } from './plan-run.ts';
import type { FromPlugin, Provides, ToPlugin } from './plugin-messages.ts';

let plugin: Plugin | null = null;
const channel = openChannel((message) => obey(message as ToPlugin));

function answer(message: FromPlugin): void {
  channel.send(message);
}

function obey(message: ToPlugin): void {
  switch (message.type) {
    case 'load':
      void load(message.bundleFile);
      return;
    case 'next_run':
      nextRun(message);
      return;
    case 'event':
      void hear(message);
      return;
  }
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

async function load(bundleFile: string): Promise<void> {
  try {
    const module = (await import(pathToFileURL(bundleFile).href)) as Record<string, unknown>;
    const found = module['default'];
    if (brandOf(found, PLUGIN) === undefined)
      throw new Error('The file has no plugin as its default export. Write: export default definePlugin({ name: "..." })');
    plugin = found as Plugin;
    answer({ type: 'loaded', name: plugin.name, provides: namesOf(plugin) });
  } catch (error) {
    fail(error);
  }
}

function namesOf({ tasks, macros, timetables, listeners }: Plugin): Provides {
  const names = (record: object | undefined) => Object.keys(record ?? {}).sort();
  return { tasks: names(tasks), macros: names(macros), timetables: names(timetables), listeners: names(listeners) };
}

function nextRun({ id, timetable: name, question }: Extract<ToPlugin, { type: 'next_run' }>): void {
  try {
    const timetable = plugin?.timetables?.[name];
    if (timetable === undefined) throw new Error(`the plugin offers no timetable "${name}"`);
    answer({ type: 'answer', id, run: planRun(name, timetable, question) });
  } catch (error) {
    answer({ type: 'refused', id, message: reportOf(error).message });
  }
}

async function hear({ listener, event }: Extract<ToPlugin, { type: 'event' }>): Promise<void> {
  let problem: string | null = null;
  try {
    // The host sends each listener the event it is typed for.
    await (plugin?.listeners?.[listener] as ((event: object) => unknown) | undefined)?.(event);
  } catch (error) {
    problem = reportOf(error).message;
  }
  answer({ type: 'heard', listener, problem });
}
