/** One DAG file from source to database: bundle, import in the cage, check, save. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { canonicalJson } from '#core/canonical-json.ts';
import type { DagSpec, ScheduleSpec } from '#core/dag-spec.ts';
import { storable } from '#core/storable.ts';
import { CronSchedule } from '#core/timetable/cron.ts';
import { parseSpec } from '#core/validate-spec.ts';
import { bundleHash } from '#platform/bundle-hash.ts';
import { type Clock, newId } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { findCurrentHashes, saveUnstableWarning } from '#platform/db/queries/dag-stability.ts';
import { listMacroPlugins } from '#platform/db/queries/plugins/list-macro-plugins.ts';
import { saveImportError } from '#platform/db/queries/save-import-error.ts';
import {
  findOtherOwners,
  type ParsedDag,
  type ParsedFile,
  type SavedDag,
  type StoredBundle,
  saveParsedFile,
} from '#platform/db/queries/save-parsed-file.ts';
import { probe } from '#platform/probes/probe.ts';
import { type Bundle, BundleError, bundleFile } from './bundle.ts';
import { withDocFile } from './doc-file.ts';
import type { FileSaver } from './file-saver.ts';
import { fromBundleError, fromThrown, type ImportFailure } from './import-error.ts';
import type { Importer } from './importer.ts';
import { findUnstable, NONE, type UnstableDag } from './unstable-dags.ts';
import { type PriorityStrategies, weighDag } from './weigh-dag.ts';

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
  readonly source: DagSource;
  readonly importer: Importer;
  readonly saver: FileSaver;
  /** Of plugins; absent where none are loaded. */
  readonly strategies?: PriorityStrategies | undefined;
}

export type ParseOutcome =
  | {
      readonly kind: 'saved';
      readonly dags: readonly SavedDag[];
      readonly dagIds: readonly string[];
      /** All that the result depends on. */
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
  const dags = specs.map((spec) => ({
    spec,
    versionId: newId(),
    contentHash: contentHashOf(spec, bundle.hash),
    pausedAtCreation: spec.isPausedUponCreation ?? deps.config.dagsArePausedAtCreation,
  }));
  const read: ReadFile = {
    bundleName,
    filePath,
    bundleVersion: deps.source.version,
    bundle: storedBundle(bundle, deps.importer.sdkHash),
    source,
    parseMs,
    dags,
    importAgain: async () => {
      const again = await readDags(deps, file);
      return 'failure' in again || again.bundle.hash !== bundle.hash ? null : again.specs;
    },
  };
  probe('dagProcessor.before_save');
  const together = await deps.saver.save(read);
  const saved = together === null ? await saveAlone(deps, read) : { dags: together, fresh: createdIn(together) };
  if ('failure' in saved) return failed(deps, filePath, { ...saved, files, isRival: true }, parseMs);
  probe('dagProcessor.after_save');
  const { fresh } = saved;
  const confirm = async () => {
    const found = findUnstable(specs, await read.importAgain());
    for (const dagId of fresh) await saveUnstableWarning(deps.db, dagId, found.get(dagId) ?? null);
    return [...found].flatMap(([dagId, message]) => (fresh.includes(dagId) ? [{ dagId, message }] : []));
  };
  return { kind: 'saved', dags: saved.dags, dagIds, files, parseMs, confirm: fresh.length === 0 ? null : confirm };
}

interface ReadFile extends ParsedFile {
  /** Null when that gives something else altogether. */
  readonly importAgain: () => Promise<readonly DagSpec[] | null>;
}

function storedBundle({ code, hash }: Bundle, sdkHash: string): StoredBundle {
  return { code, codeHash: hash, sdkHash, hash: bundleHash(code, sdkHash) };
}

function createdIn(dags: readonly SavedDag[]): readonly string[] {
  return dags.filter(({ change }) => change === 'created').map(({ dagId }) => dagId);
}

type SavedAlone = { readonly dags: readonly SavedDag[]; readonly fresh: readonly string[] } | { readonly failure: ImportFailure };

/** With all care: another file may define these DAGs, and what came out otherwise of the same code is imported once more. */
async function saveAlone(deps: ParseDeps, read: ReadFile): Promise<SavedAlone> {
  const { bundleName, source, dags } = read;
  const { codeHash } = read.bundle;
  const specs = dags.map((dag) => dag.spec);
  const dagIds = specs.map((spec) => spec.dagId);
  const others = await findOtherOwners(deps.db, read, dagIds);
  // One that is gone from the disk was renamed: the news of its end comes after that of this one's beginning.
  const first = others.find((other) => {
    const otherFolder = deps.source.folderOf(other.bundleName);
    return otherFolder !== null && existsSync(join(otherFolder, other.filePath));
  });
  if (first) {
    const where = first.bundleName === bundleName ? first.filePath : `${first.filePath} of the bundle ${first.bundleName}`;
    const message = `DAG "${first.dagId}" is defined in ${where} already. Give this one another id, or remove the other.`;
    return { failure: { message, stack: message, line: lineOf(source, first.dagId), column: null } };
  }
  const known = await findCurrentHashes(deps.db, dagIds);
  const doubtful = dags.filter(({ spec, contentHash }) => {
    const current = known.get(spec.dagId);
    return current?.codeHash === codeHash && current.contentHash !== contentHash;
  });
  const unstable = doubtful.length === 0 ? NONE : findUnstable(specs, await read.importAgain());
  const hashOf = (dag: ParsedDag) =>
    unstable.has(dag.spec.dagId) ? (known.get(dag.spec.dagId)?.contentHash ?? dag.contentHash) : dag.contentHash;
  const saved = await deps.db.transaction('save_parsed_file', async (tx) => {
    await deps.saver.holdSdk(tx);
    const result = await saveParsedFile(tx, { ...read, dags: dags.map((dag) => ({ ...dag, contentHash: hashOf(dag) })) });
    for (const { spec } of doubtful) await saveUnstableWarning(tx, spec.dagId, unstable.get(spec.dagId) ?? null);
    probe('dagProcessor.before_commit');
    return result;
  });
  return { dags: saved, fresh: dagIds.filter((dagId) => known.get(dagId)?.codeHash !== codeHash) };
}

/** The same code and the same DAG have the same hash, whatever order the keys of its JSON came in. */
function contentHashOf(spec: DagSpec, codeHash: string): string {
  return createHash('sha256').update(canonicalJson(spec)).update(codeHash).digest('hex');
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
      sdk: 'outside',
      macroPlugins: async () => (await listMacroPlugins(deps.db)).map((path) => join(pluginsFolder, path)),
    });
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { failure: fromBundleError(error, file), files: [file] };
  }
  const source = storable(await readFile(file, 'utf8'), Number.POSITIVE_INFINITY);
  probe('dagProcessor.spawned');
  const imported = await deps.importer.import(bundle, file);
  probe('dagProcessor.imported');
  if (imported.type === 'error') return { failure: fromThrown(imported, bundle.files), files: bundle.files };
  const specs: DagSpec[] = [];
  const files = [...bundle.files, ...bundle.alsoDependsOn];
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
