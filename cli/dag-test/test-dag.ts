/** `windlass dags test`: finds the DAG, runs it in this process, says how it went. */

import { Console } from 'node:console';
import { rmSync } from 'node:fs';
import { SPEC_LIMITS } from '#core/dag-spec.ts';
import { setInstallationDefaults } from '#core/default-args.ts';
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { isKey, runIdFor } from '#core/ids.ts';
import { describeWaiter } from '#core/waiting/waiter.ts';
import type { Config } from '#platform/config/config.ts';
import { listDagFiles, readDagFile } from '#platform/dag-files.ts';
import { ParamsCheck } from '#platform/params-check.ts';
import { makeTemporaryFolder } from '#platform/temporary-folder.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { checkTemplates } from '#sdk/runtime/check-templates.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { clock, loggerFor, readCliConfig, withWarehouse } from '../environment.ts';
import { importDagFile, keepImportHooks } from './import-dag-file.ts';
import { jsonReport } from './json-report.ts';
import { LocalCallbacks } from './local-callbacks.ts';
import { LocalHost } from './local-host.ts';
import { waitHere } from './local-wait.ts';
import { MemoryRun } from './memory-run.ts';
import { PeopleHere } from './people-here.ts';
import { TestReport } from './test-report.ts';

export interface TestDagRequest {
  /** A file, or the id of a DAG in the dags folder. */
  readonly target: string;
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly json?: boolean;
  /** Answers to what tasks ask people: `task=option`. */
  readonly answers?: readonly string[];
  /** Which DAG of a file with several. */
  readonly dag?: string;
}

const DAG_FILE = /\.(ts|tsx|mts|js|mjs)$/;

/** Resolves with the exit code: 0 when the run succeeded. */
export async function testDag(request: TestDagRequest): Promise<number> {
  const endWatch = watchForExit();
  try {
    return await runDag(request);
  } finally {
    endWatch();
  }
}

async function runDag(request: TestDagRequest): Promise<number> {
  const printResult = request.json ? reserveStdout() : undefined;
  const config = withWarehouse(readCliConfig());
  setInstallationDefaults({ retries: config.defaultTaskRetries, retryDelayMs: config.defaultTaskRetryDelayMs });
  const dag = await findDag(request, config);
  keepImportHooks(config.pluginsFolder);
  await checkTemplates(dag);
  const spec = serialiseDag(dag);
  const params = { ...spec.paramsDefaults, ...request.conf };
  new ParamsCheck().check({ key: spec.dagId, schema: spec.paramsSchema, params });

  const stream = request.json ? process.stderr : process.stdout;
  const report = new TestReport({ write: (line) => stream.write(`${line}\n`), stream });
  const host = new LocalHost({
    dag,
    config,
    logger: loggerFor(config, 'cli', 'warn'),
    clock,
    onLog: (taskId, level, message, fields) => report.log(taskId, level, message, fields),
  });
  const people = new PeopleHere({ answers: request.answers ?? [], stream, clock });
  const callbacks = new LocalCallbacks(spec, {
    run: (message) => host.runBody(message, null),
    log: (taskId, level, text) => report.log(taskId, level, text),
    now: () => clock.now(),
  });
  const startedAt = clock.monotonic();
  const runId = runIdFor('manual', new Date(clock.now()).toISOString().replace('Z', '+00:00'));
  const scratchFolder = makeTemporaryFolder('dags-test');
  try {
    report.begin(spec.dagId, runId);
    const run = new MemoryRun({
      spec,
      runId,
      params,
      conf: request.conf ?? {},
      scratchFolder,
      mapLengthMax: Math.min(config.maxMapLength, SPEC_LIMITS.mappedInstances),
      clock,
      runBody: (message, timeoutMs) => host.runBody(message, timeoutMs),
      wait: (waiter, taskId) =>
        waiter.kind === 'answer' ? people.ask(taskId, waiter) : waitHere(waiter, describeWaiter(waiter), clock, { secrets: host.secrets }),
      onEnd: (end) => report.end(end),
      afterBody: (state, context, body) => callbacks.afterBody(state, context, body),
    });
    const result = await run.run();
    await callbacks.afterRun(result);
    report.finish(result, clock.monotonic() - startedAt);
    await printResult?.(JSON.stringify(jsonReport({ dagId: spec.dagId, runId, result })));
    return result.state === 'success' ? 0 : 1;
  } finally {
    await host.close();
    rmSync(scratchFolder, { recursive: true, force: true });
  }
}

function mentions(file: string, text: string): boolean {
  try {
    return readDagFile(file)?.includes(text) ?? false;
  } catch {
    return false; // too large, or not ours to read: no DAG can be in it
  }
}

/** User code that calls process.exit(0) must not pass for a run that succeeded. Returns what ends the watch. */
function watchForExit(): () => void {
  const onExit = () => {
    process.exitCode = 1;
    process.stderr.write('error: the DAG file or one of its tasks ended the process (process.exit) before the run was over.\n');
  };
  process.on('exit', onExit);
  return () => process.off('exit', onExit);
}

/** Sends everything that user code prints to stderr; returns the only way left to stdout. */
function reserveStdout(): (text: string) => Promise<void> {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  globalThis.console = new Console(process.stderr, process.stderr);
  return (text) => new Promise((resolve) => write(`${text}\n`, () => resolve()));
}

async function findDag(request: TestDagRequest, config: Config): Promise<DagDefinition> {
  const { target } = request;
  if (DAG_FILE.test(target) || target.includes('/'))
    return chooseDag(await importDagFile(target, config.pluginsFolder), request.dag, target);
  if (!isKey(target)) throw new AppError('DAG_NOT_FOUND', `${JSON.stringify(target)} is neither a file nor the id of a DAG.`);
  const known: string[] = [];
  for (const file of await filesThatMayHold(target, config.dagsFolder)) {
    const dags = await importDagFile(file, config.pluginsFolder).catch((error: unknown) => {
      if ((error as AppError).code !== 'DAG_IMPORT_FAILED') throw error;
      return [];
    });
    const found = dags.find((dag) => dag.id === target);
    if (found !== undefined) return found;
    known.push(...dags.map((dag) => dag.id));
  }
  const near = closest(target, known);
  throw new AppError(
    'DAG_NOT_FOUND',
    `No file in ${config.dagsFolder} has a DAG ${JSON.stringify(target)}.${near ? ` Did you mean ${near}?` : ''} Give the file itself: windlass dags test path/to/file.ts`,
  );
}

function chooseDag(dags: readonly DagDefinition[], wanted: string | undefined, file: string): DagDefinition {
  const ids = dags.map((dag) => dag.id).join(', ');
  if (wanted === undefined && dags.length > 1)
    throw new AppError('BAD_REQUEST', `${file} has several DAGs. Choose one with --dag: ${ids}.`);
  const dag = wanted === undefined ? dags[0] : dags.find((one) => one.id === wanted);
  if (dag === undefined) throw new AppError('DAG_NOT_FOUND', `${file} has no DAG ${JSON.stringify(wanted)}. It has: ${ids}.`);
  return dag;
}

/** Files that name the id come first, then the others (ids can be put together at run time). */
async function filesThatMayHold(dagId: string, folder: string): Promise<readonly string[]> {
  const files = await listDagFiles(folder);
  const named = files.filter((file) => mentions(file, dagId));
  return [...named, ...files.filter((file) => !named.includes(file))];
}
