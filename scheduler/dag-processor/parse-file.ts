/** One DAG file from source to database: bundle, import in the cage, check, save. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DagSpec, ScheduleSpec } from '#core/dag-spec.ts';
import { CronSchedule } from '#core/timetable/cron.ts';
import { parseSpec } from '#core/validate-spec.ts';
import { type Clock, newId } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { listMacroPlugins } from '#platform/db/queries/list-macro-plugins.ts';
import { saveImportError } from '#platform/db/queries/save-import-error.ts';
import { findOtherOwners, type SavedDag, saveParsedFile } from '#platform/db/queries/save-parsed-file.ts';
import { type Bundle, BundleError, bundleFile } from './bundle.ts';
import { withDocFile } from './doc-file.ts';
import type { ImportChild } from './import-child.ts';
import { fromBundleError, fromThrown, type ImportFailure } from './import-error.ts';
import { writeBundle } from './write-bundle.ts';

export interface ParseDeps {
  readonly config: Config;
  readonly db: Database;
  readonly clock: Clock;
  /** Folder for bundles on their way into a child. */
  readonly workFolder: string;
  readonly takeChild: () => ImportChild;
}

export type ParseOutcome =
  | { readonly kind: 'saved'; readonly dags: readonly SavedDag[]; readonly files: readonly string[]; readonly parseMs: number }
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
  const filePath = relative(deps.config.dagsFolder, file);
  const parsed = await readDags(deps, file);
  const parseMs = deps.clock.monotonic() - startedMs;
  if ('failure' in parsed) return failed(deps, filePath, { ...parsed, isRival: false }, parseMs);
  const { bundle, files, source, specs } = parsed;
  const others = await findOtherOwners(
    deps.db,
    filePath,
    specs.map((spec) => spec.dagId),
  );
  // One that is gone from the disk was renamed: the news of its end comes after that of this one's beginning.
  const first = others.find((other) => existsSync(join(deps.config.dagsFolder, other.filePath)));
  if (first) {
    const message = `DAG "${first.dagId}" is defined in ${first.filePath} already. Give this one another id, or remove the other.`;
    const failure = { message, stack: message, line: lineOf(source, first.dagId), column: null };
    return failed(deps, filePath, { failure, files, isRival: true }, parseMs);
  }
  const dags = specs.map((spec) => ({
    spec,
    versionId: newId(),
    contentHash: createHash('sha256').update(canonical(spec)).update(bundle.hash).digest('hex'),
    pausedAtCreation: spec.isPausedUponCreation ?? deps.config.dagsArePausedAtCreation,
  }));
  const saved = await deps.db.transaction('save_parsed_file', (tx) =>
    saveParsedFile(tx, { filePath, bundleHash: bundle.hash, code: bundle.code, source, parseMs, dags }),
  );
  return { kind: 'saved', dags: saved, files, parseMs };
}

async function failed(
  deps: ParseDeps,
  filePath: string,
  what: { readonly failure: ImportFailure; readonly files: readonly string[]; readonly isRival: boolean },
  parseMs: number,
): Promise<ParseOutcome> {
  const { failure, files, isRival } = what;
  const dagIds = await saveImportError(deps.db, { filePath, ...failure });
  return { kind: 'failed', failure, isRival, dagIds, files, parseMs };
}

type Parsed =
  | { readonly bundle: Bundle; readonly files: readonly string[]; readonly source: string; readonly specs: readonly DagSpec[] }
  | { readonly failure: ImportFailure; readonly files: readonly string[] };

async function readDags(deps: ParseDeps, file: string): Promise<Parsed> {
  let bundle: Bundle;
  try {
    const { dagsFolder, pluginsFolder } = deps.config;
    bundle = await bundleFile(file, {
      dags: dagsFolder,
      plugins: pluginsFolder,
      macroPlugins: async () => (await listMacroPlugins(deps.db)).map((path) => join(pluginsFolder, path)),
    });
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { failure: fromBundleError(error, file), files: [file] };
  }
  const source = await readFile(file, 'utf8');
  const imported = await deps.takeChild().import(await writeBundle(deps.workFolder, file, bundle), file);
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
    const documented = withDocFile(spec, file, deps.config.dagsFolder);
    // Also one that is missing: the DAG is read again when it is there.
    if (documented.file !== null) files.push(documented.file);
    if ('problem' in documented) {
      const { problem: message } = documented;
      return { failure: { message, stack: message, line: lineOf(source, spec.docMd ?? ''), column: null }, files };
    }
    specs.push(documented.spec);
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

/** JSON with sorted keys: the same DAG has the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
