/**
 * Notices that a body changed what every body of its process stands on: globals, methods of built-in objects, the
 * listeners of the process, its first file descriptors; or left so many files open that few are left to others. Such a process
 * ends with its attempt, so that the next one finds a fresh one.
 */

import { closeSync, fstatSync, openSync } from 'node:fs';

const GLOBALS = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask'],
  ...['Object', 'Array', 'String', 'Promise', 'Map', 'Set', 'Date', 'Error'],
];
export const HOLDERS: readonly object[] = [
  ...[Object, Function, Array, String, Number, Promise, Map, Set, Date, Error, RegExp].flatMap((type) => [type, type.prototype as object]),
  JSON,
  Math,
  Reflect,
];
const OF_PROCESS = ['exit', 'cwd', 'chdir', 'kill', 'on', 'emit', 'nextTick'];
const OF_STREAMS = ['write', 'uncork'];
/** Input, output, errors, channel, watchdog and hand. Where one was closed, the next file gets its number, and libuv aborts at its end. */
const DESCRIPTORS = [0, 1, 2, 3, 4, 5];
/** Packages keep some files open. A process may have a thousand, and the next body wants some, too. */
const MORE_OPEN_MAX = 128;
const EVENTS = ['SIGTERM', 'uncaughtException', 'unhandledRejection'];

// Held from the start: a body may replace these, too.
const { ownKeys, getOwnPropertyDescriptor } = Reflect;
const listenerCount = process.listenerCount.bind(process);

interface Place {
  readonly holder: Record<PropertyKey, unknown>;
  /** Of methods: what else changes by itself is none of ours. */
  readonly keys: readonly PropertyKey[];
  readonly methods: readonly unknown[];
}

/** Looks at how things are now, and returns what tells whether they have changed since. A look takes microseconds. */
export function watchForChanges(): () => boolean {
  const places: readonly Place[] = [
    ...HOLDERS.map((holder) => placeOf(holder, ownKeys(holder))),
    placeOf(globalThis, GLOBALS),
    placeOf(process, OF_PROCESS),
    placeOf(process.stdout, OF_STREAMS),
    placeOf(process.stderr, OF_STREAMS),
  ];
  const { env } = process;
  const listeners = countListeners();
  const descriptors = DESCRIPTORS.map(identityOf);
  const openMax = nextDescriptor() + MORE_OPEN_MAX;
  return () =>
    process.env !== env ||
    countListeners() !== listeners ||
    areReplaced(descriptors) ||
    nextDescriptor() > openMax ||
    isAnyChanged(places) ||
    isPolluted();
}

function areReplaced(descriptors: readonly number[]): boolean {
  for (let fd = 0; fd < descriptors.length; fd++) if (identityOf(fd) !== descriptors[fd]) return true;
  return false;
}

/** -1 = it is closed. */
function identityOf(fd: number): number {
  try {
    return fstatSync(fd).ino;
  } catch {
    return -1;
  }
}

/** The lowest number that is free; Infinity = none is. */
function nextDescriptor(): number {
  try {
    const fd = openSync('/dev/null', 'r');
    closeSync(fd);
    return fd;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

// Without methods of lists, which may be what was replaced.
export function isAnyChanged(places: readonly Place[]): boolean {
  for (let index = 0; index < places.length; index++) if (isChanged(places[index] as Place)) return true;
  return false;
}

/** What is assigned to a prototype shows in a loop over anything. */
function isPolluted(): boolean {
  for (const _ in []) return true;
  for (const _ in isPolluted) return true;
  return false;
}

function isChanged({ holder, keys, methods }: Place): boolean {
  for (let index = 0; index < keys.length; index++) if (holder[keys[index] as PropertyKey] !== methods[index]) return true;
  return false;
}

export function placeOf(of: object, names: readonly PropertyKey[]): Place {
  const holder = of as Place['holder'];
  const isMethod = (key: PropertyKey) => getOwnPropertyDescriptor(holder, key)?.get === undefined && typeof holder[key] === 'function';
  const keys = names.filter(isMethod);
  return { holder, keys, methods: keys.map((key) => holder[key]) };
}

function countListeners(): number {
  let count = 0;
  for (const event of EVENTS) count += listenerCount(event);
  return count;
}
