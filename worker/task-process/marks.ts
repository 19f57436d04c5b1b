/**
 * Whether anything shows in a process of the code that ran there: names that were added, functions of the platform that were replaced,
 * listeners, timers, sockets. To its own DAG file that is its own affair (what spoils a process even for that stands in `spoilt.ts`); code of
 * another file should not meet it. Both are asked before a process takes another file.
 */
import { HOLDERS, isAnyChanged, placeOf } from './spoilt.ts';

/** Modules of Node that are loaded in every task process: what wraps calls of packages wraps these. */
const MODULES = ['fs', 'net', 'child_process', 'module', 'timers', 'events'];
/** On globalThis, beside those that spoil a process. */
const FUNCTIONS = ['fetch', 'structuredClone', 'URL', 'Buffer', 'EventTarget', 'Event'];
/** Classes of the platform. Those that Node loads when they are first used are left out: that takes longer than many bodies. */
const CLASSES: readonly { readonly prototype: object }[] = [URL, Buffer, EventTarget];

// Held from the start: a body may replace these.
const { ownKeys } = Reflect;
const { getActiveResourcesInfo, eventNames, listenerCount } = process;

/** Looks at how things are now, and returns what tells whether that has changed. Call it before any code of others has run. */
export function watchForMarks(): () => boolean {
  const modules = MODULES.map((name) => process.getBuiltinModule(name) as object);
  const named = [globalThis, ...HOLDERS];
  const whole = [...modules, ...CLASSES.map((of) => of.prototype)];
  const places = [placeOf(globalThis, FUNCTIONS), ...whole.map((holder) => placeOf(holder, ownKeys(holder)))];
  const names = countNames(named);
  const events = countListeners();
  const resources = countResources();
  return () => countNames(named) !== names || countListeners() !== events || countResources() > resources || isAnyChanged(places);
}

/** What our own modules share through globalThis is no mark. */
const OURS = 'windlass.';

function countNames(holders: readonly object[]): number {
  let count = 0;
  for (const name of ownKeys(globalThis)) if (typeof name === 'symbol' && name.description?.startsWith(OURS)) count -= 1;
  for (let index = 0; index < holders.length; index++) count += ownKeys(holders[index] as object).length;
  return count;
}

function countListeners(): number {
  let count = 0;
  for (const event of eventNames.call(process)) count += listenerCount.call(process, event);
  return count;
}

/** What keeps a process alive: timers, sockets, servers. Files being read are done with in a moment. */
function countResources(): number {
  let count = 0;
  for (const resource of getActiveResourcesInfo()) if (!resource.startsWith('FSReq') && resource !== 'Immediate') count += 1;
  return count;
}
