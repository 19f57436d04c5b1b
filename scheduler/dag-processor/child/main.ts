/**
 * The caged child: imports one bundled DAG file and answers with the specs of its DAGs. It runs a stranger's
 * code, so it has no credentials, an empty environment, limits on memory, time and output, and may read only
 * what it needs (Node's permission model). It imports one file and is thrown away.
 */
import { pathToFileURL } from 'node:url';
import { setInstallationDefaults } from '#core/default-args.ts';
import { registerConnectors } from '#sdk/runtime/connectors.ts';
import { describeDags } from '#sdk/runtime/describe-dags.ts';
import { BUILD_BUDGET } from '#sdk/runtime/parse-guard.ts';
import { openChannel } from './channel.ts';
import { type ImportAnswer, type ImportReady, type ImportRequest, OUTPUT_BYTES_MAX, TOO_MUCH_OUTPUT } from './messages.ts';

const BUILD_BUDGET_MS = 200;
/** A file may have closed its output: then nothing is waited for longer. */
const FLUSH_MS = 1_000;
const TEXT_CHARS_MAX = 10_000;
const NAME_CHARS_MAX = 250;

// Held from the start: the file may replace what hangs on `process`.
const exit = process.exit.bind(process);
const later = setTimeout;
const soon = setImmediate;
const streams = [process.stdout, process.stderr];
const outputs = streams.map((stream) => stream.write.bind(stream)) as ((text: string, done: () => void) => boolean)[];

async function importDags({ bundleFile, defaults }: ImportRequest): Promise<ImportAnswer> {
  try {
    setInstallationDefaults(defaults);
    registerConnectors();
    return { type: 'dags', specs: await describeDags((await import(pathToFileURL(bundleFile).href)) as object) };
  } catch (error) {
    return describe(error);
  }
}

/** A thrown thing may be anything, also a hostile Proxy. */
function describe(error: unknown): ImportAnswer {
  try {
    if (error instanceof Error)
      return {
        type: 'error',
        name: String(error.name).slice(0, NAME_CHARS_MAX),
        message: String(error.message).slice(0, TEXT_CHARS_MAX),
        stack: String(error.stack ?? '').slice(0, TEXT_CHARS_MAX),
      };
    return {
      type: 'error',
      name: 'Error',
      message: `the file threw ${typeof error === 'object' && error !== null ? 'an object that is no Error' : String(error).slice(0, TEXT_CHARS_MAX)}`,
      stack: '',
    };
  } catch {
    return { type: 'error', name: 'Error', message: 'the file threw something that cannot be shown', stack: '' };
  }
}

/** Output is buffered: the parent must have seen all of it, and may have ended this process, before the answer counts. */
async function flushed(): Promise<void> {
  const written = outputs.map((write) => new Promise<void>((resolve) => write('', resolve)));
  await Promise.race([Promise.all(written), new Promise((resolve) => later(resolve, FLUSH_MS))]);
  // Node tells of a rejection that nobody caught only after this turn of its loop; it would end each task of the file.
  await new Promise((resolve) => soon(resolve));
}

(globalThis as Record<symbol, unknown>)[BUILD_BUDGET] = BUILD_BUDGET_MS;

let hasAnswered = false;
const channel = openChannel((request) => void obey(request as ImportRequest));
channel.send({ type: 'ready' } satisfies ImportReady);

/** The first answer counts, and is the last thing that happens here. */
function answer(message: ImportAnswer): void {
  if (hasAnswered) return;
  hasAnswered = true;
  channel.send(message, () => exit(0));
}

/** Node's permission model knows no signals: without this, a file could end the very scheduler that reads it. */
function forbidSignals(): void {
  const refuse = () => {
    throw new Error('A DAG file must not send signals while it is imported. Move process.kill() into a task.');
  };
  Object.assign(process, { kill: refuse, _kill: refuse, _debugProcess: refuse });
}

async function obey(request: ImportRequest): Promise<void> {
  forbidSignals();
  process.on('uncaughtException', (error) => answer(describe(error)));
  process.on('unhandledRejection', (error) => answer(describe(error)));
  process.on('beforeExit', () =>
    answer({
      type: 'error',
      name: 'ImportError',
      message: 'an await at the top level of the file never settles: nothing is left that could settle it.',
      stack: '',
    }),
  );
  channel.unref();
  const result = await importDags(request);
  // A flood lies here still, and may not have reached the parent, who counts it, within the time for that.
  const unwritten = streams.reduce((sum, stream) => sum + stream.writableLength, 0);
  await flushed();
  answer(unwritten > OUTPUT_BYTES_MAX ? { type: 'error', name: 'ImportError', message: TOO_MUCH_OUTPUT, stack: '' } : result);
}
