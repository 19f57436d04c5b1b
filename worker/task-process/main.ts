/**
 * The caged child that runs user code: loads a bundle, runs one attempt after another, says how each ended, and is
 * used again. It has no credentials; whatever it needs it asks of its supervisor, and it dies with it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { Worker } from 'node:worker_threads';
import {
  type BodyResult,
  type LoadMessage,
  type ResultMessage,
  type RunMessage,
  TASK_PROTOCOL,
  type ToTaskProcess,
} from '#core/task-protocol.ts';
import { tooLargeMessage } from '#core/xcom-size.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { reportOf } from '#sdk/runtime/body-error.ts';
import { registerConnectors } from '#sdk/runtime/connectors.ts';
import { runCallback } from '#sdk/runtime/run-callback.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import { AttemptHost } from './attempt-host.ts';
import { Bundles } from './bundles.ts';
import { openChannel } from './channel.ts';
import { TaskEnvironment } from './environment.ts';
import { forbidSignals } from './forbid-signals.ts';
import { Hand } from './hand.ts';
import { CHANNEL_FD, type TaskProcessSettings, WATCHDOG_FD } from './settings.ts';
import { watchForChanges } from './spoilt.ts';
import { Traces } from './traces.ts';

const STDERR_FD = 2;

type WriteText = (text: string, done: () => void) => boolean;

const settings = JSON.parse(process.argv[2] ?? '{}') as TaskProcessSettings;
process.argv.length = 2;
// Held from the start: a body may replace these.
const exit = process.exit.bind(process);
const soon = setImmediate;
const outputs = [process.stdout, process.stderr].map((stream) => ({
  stream,
  write: stream.write.bind(stream) as WriteText,
  uncork: stream.uncork.bind(stream),
}));
const environment = new TaskEnvironment();
const folder = process.cwd();

let loading: Promise<ReadonlyMap<string, DagDefinition>> = Promise.resolve(new Map());
let current: { readonly host: AttemptHost; readonly attemptId: string } | null = null;
let lastRequestId = 0;
/** Whose code runs, also long after the attempt has ended: the attempt's, or a bundle's while it was imported. */
const owners = new AsyncLocalStorage<AttemptHost | string>();
/** What an earlier body left running has failed: nobody knows the state of this process. */
let isSpoilt = false;
let isChanged = watchForChanges();
const hand = new Hand();
/** From the beginning of a body until its result is with the operating system. */
let isBusy = false;
const traces = new Traces();

registerConnectors();
const watchdog = new Worker(new URL('./watchdog.ts', import.meta.url), { workerData: { fd: WATCHDOG_FD }, stdout: false, stderr: false });
watchdog.unref();
watchdog.on('error', dieWithoutAttempt);
const channel = openChannel(CHANNEL_FD, obey, () => exit(0));
let bundles: Bundles;
watchdog.once('online', () => {
  bundles = new Bundles();
  void channel.send({ type: 'ready', bundleHash: null, protocol: TASK_PROTOCOL });
});
process.on('SIGTERM', () => cancel('it was told to stop (SIGTERM)'));
process.on('uncaughtException', (error) => void blame(error));
process.on('unhandledRejection', (reason) => void blame(reason));
forbidSignals(process);

function obey(message: ToTaskProcess): void {
  switch (message.type) {
    case 'load':
      load(message);
      return;
    case 'run':
      if (isBusy) hand.add(message);
      // One with a turn comes too late: the supervisor takes it back.
      else if (message.turn === undefined) void run(message);
      return;
    case 'reply':
      current?.host.reply(message);
      return;
    case 'cancel':
      cancel(message.reason);
      return;
  }
}

/** Says whose attempts may come: those of the bundle, or still those of the one before, of which something is left. */
function load(message: LoadMessage): void {
  if (bundles.takes(message)) enter(message);
  void channel.send({ type: 'ready', bundleHash: bundles.current, protocol: TASK_PROTOCOL });
}

/** From now on attempts of this bundle run. */
function enter(bundle: Omit<LoadMessage, 'type'>): void {
  if (bundles.current === bundle.bundleHash) return;
  loading = owners.run(bundle.bundleHash, () => bundles.load(bundle));
  loading.then(
    () => {
      // What the file itself changes is there for all of its tasks. To look takes less than to begin anew.
      if (isChanged()) isChanged = watchForChanges();
      // A killed process never writes its compile cache: write it while all is well.
      soon(flushCompileCache);
    },
    // The attempt that needs it says what went wrong.
    () => {},
  );
}

/** Whoever says so ends this process: nothing more begins in it. */
function cancel(reason: string): void {
  hand.close();
  current?.host.cancel(reason);
}

async function run(message: RunMessage): Promise<void> {
  const host = new AttemptHost(channel, () => ++lastRequestId);
  const { attemptId } = message.context;
  current = { host, attemptId };
  isBusy = true;
  traces.forget();
  const printed = bytesPrinted();
  if (message.bundle !== undefined) enter(message.bundle);
  await loading.catch(() => {});
  const beganAt = performance.now();
  const result = await owners.run(host, () => runLoaded(message, host));
  const ranMs = performance.now() - beganAt;
  const { asked } = host;
  host.close();
  // What the body left undone may still throw: that is its own failure, not the next attempt's.
  await new Promise((resolve) => soon(resolve));
  if (current?.host !== host) return;
  current = null;
  const ends = isSpoilt || isChanged();
  // What it printed is read, and what it left is looked at, before anybody else begins here.
  const leaves = ends || asked > 0 || traces.areLeft || bytesPrinted() !== printed;
  const found = { stays: false };
  const takes = (bundle: RunMessage['bundle']) => {
    found.stays = bundle !== undefined && !bundles.takes(bundle);
    return !found.stays;
  };
  const next = leaves ? undefined : hand.next(takes);
  const turn = next?.turn;
  // With the operating system before the next begins: nobody's end may cost this one its result.
  await finish({
    type: 'result',
    attemptId,
    result,
    ranMs,
    ...(ends && { ends }),
    ...(found.stays && { stays: true as const }),
    ...(turn !== undefined && { next: turn }),
  });
  if (ends) exit(0);
  restore();
  const following = next ?? hand.nextAlone();
  if (following !== undefined) void run(following);
  else isBusy = false;
}

function bytesPrinted(): number {
  let bytes = 0;
  for (let index = 0; index < outputs.length; index++) bytes += (outputs[index] as (typeof outputs)[number]).stream.bytesWritten;
  return bytes;
}

async function runLoaded(message: RunMessage, host: AttemptHost): Promise<BodyResult> {
  let dags: ReadonlyMap<string, DagDefinition>;
  try {
    dags = await loading;
  } catch (error) {
    return failed(error, true);
  }
  const dag = dags.get(message.context.dagId);
  if (dag === undefined) return failed(new Error(`The bundle of this version exports no DAG "${message.context.dagId}".`), false);
  environment.tell(message.context);
  const result = await (message.callback ? runCallback(dag, message, message.callback, host) : runTask(dag, message, host));
  if (result.outcome === 'success' && result.bytes > settings.xcomMaxBytes)
    return failed(
      Object.assign(new Error(tooLargeMessage(result.bytes, settings.xcomMaxBytes)), { name: 'XcomTooLarge', stack: '' }),
      false,
    );
  return result;
}

/** The result comes after all output of the body: the supervisor takes what it then finds in the pipes for all of it. */
async function finish(message: ResultMessage): Promise<void> {
  for (const output of outputs) await flushed(output);
  await channel.send(message);
}

function flushed({ stream, write, uncork }: (typeof outputs)[number]): Promise<void> | undefined {
  while (stream.writableCorked > 0) uncork();
  // Also called back when the body has closed the stream.
  return stream.writableLength === 0 ? undefined : new Promise<void>((resolve) => write('', resolve));
}

/** An earlier body that left this running has got its result already; whoever runs now must not pay for it. */
async function blame(error: unknown): Promise<void> {
  const owner = owners.getStore();
  if (owner === undefined || owner === current?.host || owner === bundles.current) return dieOf(error);
  isSpoilt = true;
  const { name, message, stack } = reportOf(error);
  writeSync(STDERR_FD, `something that an earlier task of this process left running has failed: ${stack || `${name}: ${message}`}\n`);
}

/** Nobody caught it: the attempt fails, and the process, whose state nobody knows, ends. */
async function dieOf(error: unknown): Promise<void> {
  const attempt = current;
  current = null;
  if (attempt) {
    attempt.host.close();
    await channel.send({ type: 'result', attemptId: attempt.attemptId, result: failed(error, true), ends: true });
    exit(1);
  }
  dieWithoutAttempt(error);
}

/** The supervisor keeps the last words on stderr: they explain the death to whoever was given this process meanwhile. */
function dieWithoutAttempt(error: unknown): void {
  const { name, message, stack } = reportOf(error);
  writeSync(STDERR_FD, `${stack === '' ? `${name}: ${message}` : stack}\n`);
  exit(1);
}

function failed(error: unknown, retryable: boolean): BodyResult {
  return { outcome: 'failed', error: reportOf(error), retryable, retryAfterMs: null };
}

/** The next attempt finds the process as the last one did. */
function restore(): void {
  environment.restore();
  if (process.cwd() !== folder) process.chdir(folder);
}
