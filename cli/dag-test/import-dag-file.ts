/**
 * Imports a DAG file as it is, so that breakpoints and stacks show the author's own lines. `windlass` resolves
 * to this installation, whatever folder the file lies in; TypeScript that Node cannot strip goes through esbuild.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type LoadHookContext, type ResolveHookContext, registerHooks, stripTypeScriptTypes } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { AppError } from '#core/errors.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import { findTemplateFiles } from '#platform/template-files.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { findDags } from '#sdk/runtime/find-dags.ts';
import { registerTemplateFiles } from '#sdk/template-files.ts';

const SCRIPT = /\.[cm]?tsx?$/;
const ENDINGS = ['', '.ts', '.tsx', '.js', '.mjs', '/index.ts', '/index.js'];
const INSTALLATION_URL = pathToFileURL(join(INSTALLATION_FOLDER, 'package.json')).href;

/** The DAGs of a file, in the order of their exports. Throws DAG_IMPORT_FAILED. */
export async function importDagFile(file: string, pluginsFolder: string): Promise<readonly DagDefinition[]> {
  const path = resolve(file);
  if (!existsSync(path)) throw new AppError('DAG_IMPORT_FAILED', `There is no file ${path}.`);
  if (statSync(path).isDirectory()) throw new AppError('DAG_IMPORT_FAILED', `${path} is a folder. Name a DAG file in it.`);
  const hooks = registerHooks({
    resolve: (specifier, context, next) => resolveImport(specifier, context, next, pluginsFolder),
    load: (url, context, next) => {
      registerTemplatesOf(url, path);
      return loadScript(url, context, next);
    },
  });
  try {
    const found = findDags((await import(pathToFileURL(path).href)) as object);
    if (found.size > 0) return [...found.values()];
  } catch (cause) {
    throw new AppError('DAG_IMPORT_FAILED', `${path} does not import: ${firstLines(cause)}`, {}, { cause });
  } finally {
    hooks.deregister();
  }
  throw new AppError(
    'DAG_IMPORT_FAILED',
    `${path} exports no DAG. Export what dag(...) returns: export default dag("${basename(path).replace(SCRIPT, '')}", …)`,
  );
}

/** A helper of the DAG file may name template files as well. */
function registerTemplatesOf(url: string, dagFile: string): void {
  const source = url.startsWith('file:') ? fileURLToPath(url) : '';
  if (!SCRIPT.test(source) || isOurs(source)) return;
  registerTemplateFiles(findTemplateFiles(dagFile, [source], dirname(dagFile)).texts);
}

const OUR_ROOMS = ['sdk', 'core', 'providers', 'node_modules'].map((room) => join(INSTALLATION_FOLDER, room, '/'));

function isOurs(path: string): boolean {
  return OUR_ROOMS.some((room) => path.startsWith(room));
}

/** Dynamic imports inside task bodies come later than this file's import: they keep the hooks. */
export function keepImportHooks(pluginsFolder: string): void {
  registerHooks({ resolve: (specifier, context, next) => resolveImport(specifier, context, next, pluginsFolder), load: loadScript });
}

type NextResolve = Parameters<NonNullable<Parameters<typeof registerHooks>[0]['resolve']>>[2];
type ResolveResult = ReturnType<NextResolve>;

function resolveImport(specifier: string, context: ResolveHookContext, next: NextResolve, pluginsFolder: string): ResolveResult {
  const own = windlassFile(specifier, pluginsFolder);
  if (own !== undefined) return { url: pathToFileURL(own).href, shortCircuit: true };
  try {
    return next(specifier, context);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'ERR_UNSUPPORTED_DIR_IMPORT') throw error;
    if (specifier.startsWith('.') && context.parentURL?.startsWith('file:')) {
      const base = resolve(dirname(fileURLToPath(context.parentURL)), specifier.replace(/\.js$/, ''));
      const ending = ENDINGS.find((candidate) => existsSync(base + candidate) && statSync(base + candidate).isFile());
      if (ending !== undefined) return { url: pathToFileURL(base + ending).href, shortCircuit: true };
      throw error;
    }
    // A package the author did not install: the one that Windlass brings, like the bundler does.
    return next(specifier, { ...context, parentURL: INSTALLATION_URL });
  }
}

function windlassFile(given: string, pluginsFolder: string): string | undefined {
  // A file written for Airflow's TypeScript SDK gets ours under the name it knows, installed or not.
  const specifier = given.replace(/^(@apache-airflow\/ts-sdk|apache-airflow-ts-sdk)(?=\/|$)/, 'windlass/airflow');
  if (specifier === 'windlass/airflow') return join(INSTALLATION_FOLDER, 'sdk/airflow/index.ts');
  if (specifier === 'windlass/airflow/hitl') return join(INSTALLATION_FOLDER, 'sdk/airflow/hitl.ts');
  if (specifier === 'windlass') return join(INSTALLATION_FOLDER, 'sdk/index.ts');
  const provider = /^windlass\/providers\/([a-z0-9-]+)$/.exec(specifier)?.[1];
  if (provider !== undefined) return join(INSTALLATION_FOLDER, 'providers', provider, 'index.ts');
  const plugin = /^windlass\/plugins\/([A-Za-z0-9_-]+)$/.exec(specifier)?.[1];
  return plugin === undefined ? undefined : join(pluginsFolder, `${plugin}.ts`);
}

type NextLoad = Parameters<NonNullable<Parameters<typeof registerHooks>[0]['load']>>[2];

function loadScript(url: string, context: LoadHookContext, next: NextLoad): ReturnType<NextLoad> {
  const path = url.startsWith('file:') ? fileURLToPath(url) : '';
  // The bundler of the scheduler takes JSON without import attributes; so does this.
  if (path.endsWith('.json')) return { format: 'json', source: readFileSync(path), shortCircuit: true };
  if (!SCRIPT.test(path) || path.startsWith(join(INSTALLATION_FOLDER, 'node_modules'))) return next(url, context);
  const source = readFileSync(path, 'utf8');
  try {
    return { format: 'module', source: stripTypes(source), shortCircuit: true };
  } catch {
    // enums, parameter properties, JSX: esbuild knows them; its source map keeps breakpoints right.
    const { code } = transformSync(source, {
      loader: path.endsWith('x') ? 'tsx' : 'ts',
      sourcefile: path,
      sourcemap: 'inline',
      target: 'node24',
      format: 'esm',
    });
    return { format: 'module', source: code, shortCircuit: true };
  }
}

/** Node warns that this very function is experimental, once; that would be the first line of every test. */
function stripTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

function firstLines(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The author's own line, not ours that found the mistake.
  const frame = error.stack
    ?.split('\n')
    .find((line) => line.includes('file://') && !line.includes(pathToFileURL(INSTALLATION_FOLDER).href));
  const place = /file:\/\/[^\s)]+/.exec(frame ?? '')?.[0];
  return `${error.message}${place === undefined ? '' : ` (${place.replace('file://', '')})`}`;
}
