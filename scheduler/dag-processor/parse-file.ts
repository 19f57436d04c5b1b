/** One DAG file from source to database: bundle, import in the cage, check, save. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { canonicalJson } from '#core/canonical-json.ts';
import type { DagSpec, ScheduleSpec } from '#core/dag-spec.ts';
import { storable } from '#core/storable.ts';
import { CronSchedule } from '#core/timetable/cron.ts';
import { parseSpec } from '#core/validate-spec.ts';
import { type Clock, newId } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { findCurrentHashes, saveUnstableWarning } from '#platform/db/queries/dag-stability.ts';
import { listMacroPlugins } from '#platform/db/queries/plugins/list-macro-plugins.ts';
import { saveImportError } from '#platform/db/queries/save-import-error.ts';
import { findOtherOwners, type ParsedDag, type SavedDag, saveParsedFile } from '#platform/db/queries/save-parsed-file.ts';
import { probe } from '#platform/probes/probe.ts';
import { type Bundle, BundleError, bundleFile } from './bundle.ts';
import { withDocFile } from './doc-file.ts';
import type { ImportChild } from './import-child.ts';
import { fromBundleError, fromThrown, type ImportFailure } from './import-error.ts';
import { findUnstable, NONE, type UnstableDag } from './unstable-dags.ts';
import { type PriorityStrategies, weighDag } from './weigh-dag.ts';
import { writeBundle } from './write-bundle.ts';

/** The bundle a file belongs to, as it is now. */
export interface DagSource {
  readonly bundleName: string;
  readonly folder: string;
  /** Commit of a git bundle. */
  readonly version: string | null;
  /** Folder of another bundle; null = it is not configured any more. */
  readonly folderOf: (bundleName: string) => string | null;
}

export interface ParseDeps {
  readonly config: Config;
  readonly db: Database;
  readonly clock: Clock;
  /** Folder for bundles on their way into a child. */
  readonly workFolder: string;
  readonly source: DagSource;
  readonly takeChild: () => ImportChild;
  /** Of plugins; absent where none are loaded. */
  readonly strategies?: PriorityStrategies | undefined;
}

export type ParseOutcome =
  | {
      readonly kind: 'saved';
      readonly dags: readonly SavedDag[];
      readonly files: readonly string[];
      readonly parseMs: number;
      /** Set when the code is new: imports it once more and warns of DAGs that come out differently. Not needed to run them. */
      readonly confirm: (() => Promise<readonly UnstableDag[]>) | null;
    }
  | {
      readonly kind: 'failed';
      readonly failure: ImportFailure;
      /** Nothing is wrong with the file itself: it defines a DAG that another file defines. */
      readonly isRival: boolean;
      readonly dagIds: readonly string[];
      readonly files: readonly string[];
      readonly parseMs: number;
    };

/** Parses and saves one file. Rejects only when the database or the disk does. */
export async function parseFile(deps: ParseDeps, file: string): Promise<ParseOutcome> {
  const startedMs = deps.clock.monotonic();
  const { bundleName, folder } = deps.source;
  const filePath = relative(folder, file);
  const parsed = await readDags(deps, file);
  const parseMs = deps.clock.monotonic() - startedMs;
  if ('failure' in parsed) return failed(deps, filePath, { ...parsed, isRival: false }, parseMs);
  const { bundle, files, source, specs } = parsed;
  const dagIds = specs.map((spec) => spec.dagId);
  const others = await findOtherOwners(deps.db, { bundleName, filePath }, dagIds);
  // One that is gone from the disk was renamed: the news of its end comes after that of this one's beginning.
  const first = others.find((other) => {
    const otherFolder = deps.source.folderOf(other.bundleName);
    return otherFolder !== null && existsSync(join(otherFolder, other.filePath));
  });
  if (first) {
    const where = first.bundleName === bundleName ? first.filePath : `${first.filePath} of the bundle ${first.bundleName}`;
    const message = `DAG "${first.dagId}" is defined in ${where} already. Give this one another id, or remove the other.`;
    const failure = { message, stack: message, line: lineOf(source, first.dagId), column: null };
    return failed(deps, filePath, { failure, files, isRival: true }, parseMs);
  }
  const dags = specs.map((spec) => ({
    spec,
    versionId: newId(),
    contentHash: contentHashOf(spec, bundle.hash),
    pausedAtCreation: spec.isPausedUponCreation ?? deps.config.dagsArePausedAtCreation,
  }));
  const known = await findCurrentHashes(deps.db, dagIds);
  const importAgain = async () => {
    const again = await readDags(deps, file);
    return 'failure' in again || again.bundle.hash !== bundle.hash ? null : again.specs;
  };
  const doubtful = dags.filter(({ spec, contentHash }) => {
    const current = known.get(spec.dagId);
    return current?.bundleHash === bundle.hash && current.contentHash !== contentHash;
  });
  const unstable = doubtful.length === 0 ? NONE : findUnstable(specs, await importAgain());
  const hashOf = (dag: ParsedDag) =>
    unstable.has(dag.spec.dagId) ? (known.get(dag.spec.dagId)?.contentHash ?? dag.contentHash) : dag.contentHash;
  probe('dagProcessor.before_save');
  const saved = await deps.db.transaction('save_parsed_file', async (tx) => {
    const result = await saveParsedFile(tx, {
      bundleName,
      filePath,
      bundleVersion: deps.source.version,
      bundleHash: bundle.hash,
      code: bundle.code,
      source,
      parseMs,
      dags: dags.map((dag) => ({ ...dag, contentHash: hashOf(dag) })),
    });
    for (const { spec } of doubtful) await saveUnstableWarning(tx, spec.dagId, unstable.get(spec.dagId) ?? null);
    probe('dagProcessor.before_commit');
    return result;
  });
  probe('dagProcessor.after_save');
  const fresh = dagIds.filter((dagId) => known.get(dagId)?.bundleHash !== bundle.hash);
  const confirm = async () => {
    const found = findUnstable(specs, await importAgain());
    for (const dagId of fresh) await saveUnstableWarning(deps.db, dagId, found.get(dagId) ?? null);
    return [...found].flatMap(([dagId, message]) => (fresh.includes(dagId) ? [{ dagId, message }] : []));
  };
  return { kind: 'saved', dags: saved, files, parseMs, confirm: fresh.length === 0 ? null : confirm };
}

/** The same code and the same DAG have the same hash, whatever order the keys of its JSON came in. */
function contentHashOf(spec: DagSpec, bundleHash: string): string {
  return createHash('sha256').update(canonicalJson(spec)).update(bundleHash).digest('hex');
}

async function failed(
  deps: ParseDeps,
  filePath: string,
  what: { readonly failure: ImportFailure; readonly files: readonly string[]; readonly isRival: boolean },
  parseMs: number,
): Promise<ParseOutcome> {
  const { failure, files, isRival } = what;
  const dagIds = await saveImportError(deps.db, { bundleName: deps.source.bundleName, filePath, ...failure });
  return { kind: 'failed', failure, isRival, dagIds, files, parseMs };
}

type Parsed =
  | { readonly bundle: Bundle; readonly files: readonly string[]; readonly source: string; readonly specs: readonly DagSpec[] }
  | { readonly failure: ImportFailure; readonly files: readonly string[] };

async function readDags(deps: ParseDeps, file: string): Promise<Parsed> {
  let bundle: Bundle;
  try {
    const { pluginsFolder } = deps.config;
    bundle = await bundleFile(file, {
      dags: deps.source.folder,
      plugins: pluginsFolder,
      macroPlugins: async () => (await listMacroPlugins(deps.db)).map((path) => join(pluginsFolder, path)),
    });
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { failure: fromBundleError(error, file), files: [file] };
  }
  const source = storable(await readFile(file, 'utf8'), Number.POSITIVE_INFINITY);
  const module = await writeBundle(deps.workFolder, file, bundle);
  probe('dagProcessor.spawned');
  const imported = await deps
    .takeChild()
    .import(module, file)
    .finally(() => rm(module, { force: true }));
  probe('dagProcessor.imported');
  if (imported.type === 'error') return { failure: fromThrown(imported, bundle.files), files: bundle.files };
  const specs: DagSpec[] = [];
  const files = [...bundle.files];
  for (const text of imported.specs) {
    const checked = parseSpec(text);
    if ('problems' in checked)
      return {
        failure: { message: checked.problems.join('; '), stack: checked.problems.join('\n'), line: null, column: null },
        files: bundle.files,
      };
    const { spec } = checked;
    const problem = scheduleProblem(spec);
    if (problem !== null) {
      const [expression] = cronsOf(spec.schedule);
      const line = expression === undefined ? null : lineOf(source, expression);
      return { failure: { message: problem, stack: problem, line, column: null }, files: bundle.files };
    }
    const documented = withDocFile(spec, file, deps.source.folder);
    // Also one that is missing: the DAG is read again when it is there.
    if (documented.file !== null) files.push(documented.file);
    if ('problem' in documented) {
      const { problem: message } = documented;
      return { failure: { message, stack: message, line: lineOf(source, spec.docMd ?? ''), column: null }, files };
    }
    try {
      specs.push(await weighDag(documented.spec, deps.strategies));
    } catch (error) {
      const { message } = error as Error;
      return { failure: { message, stack: message, line: lineOf(source, 'weightRule'), column: null }, files };
    }
  }
  if (specs.length === 0 && /\bdag\s*\(/.test(source)) {
    const message = 'The file calls dag(...) but exports no DAG. Export it: export default dag("my_dag", …)';
    return { failure: { message, stack: message, line: lineOf(source, 'dag('), column: null }, files: bundle.files };
  }
  return { bundle, files, source, specs };
}

/** The child knows only the form of a cron expression; whether it ever fires is known here. */
function scheduleProblem({ dagId, schedule }: DagSpec): string | null {
  try {
    if ('timezone' in schedule) for (const expression of cronsOf(schedule)) new CronSchedule(expression, schedule.timezone);
    return null;
  } catch (error) {
    return `The schedule of DAG "${dagId}" cannot be used. ${(error as Error).message}`;
  }
}

function cronsOf(schedule: ScheduleSpec): readonly string[] {
  return schedule.kind === 'cron' ? [schedule.expression] : schedule.kind === 'crons' ? schedule.expressions : [];
}

function lineOf(source: string, text: string): number | null {
  const index = source.indexOf(text);
  return index < 0 ? null : source.slice(0, index).split('\n').length;
}
