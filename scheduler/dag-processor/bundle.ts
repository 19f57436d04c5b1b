/**
 * Makes one ES module of a DAG file: its own imports and npm packages inlined, and the sdk inlined or imported from beside it.
 * The hash is of the code alone, so the same sources give the same hash wherever and whenever they are bundled.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { type BuildFailure, type BuildOptions, build, type Plugin, stop } from 'esbuild';
import { CONNECTOR_SCHEME } from '#core/connectors.ts';
import { bundleHash } from '#platform/bundle-hash.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import { findTemplateFiles } from '#platform/template-files.ts';
import { resolveWindlass, TEMPLATE_FILES } from './resolve-windlass.ts';

export interface Bundle {
  readonly code: string;
  /** sha256 of the code without its source map, hex. */
  readonly hash: string;
  /** Absolute paths of the author's own files that went in, the entry among them. */
  readonly files: readonly string[];
  /** What else decides what the code is: files that are named and not there, manifests of the author's packages. */
  readonly alsoDependsOn: readonly string[];
}

/** Where in the author's file something is wrong; lines and columns count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export class BundleError extends Error {
  readonly position: SourcePosition | null;

  constructor(message: string, position: SourcePosition | null) {
    super(message);
    this.name = 'BundleError';
    this.position = position;
  }
}

const SCRIPT = /\.[cm]?[jt]sx?$/;
/** Optional native halves of well-known packages; they work without. */
const OPTIONAL_NATIVES = ['pg-native', 'cpu-features', 'bufferutil', 'utf-8-validate'];
/** CommonJS packages inside the module still call require for Node's own modules. */
export const BANNER =
  "import { createRequire as __windlassRequire } from 'node:module'; const require = __windlassRequire(import.meta.url);";

export interface BundleOptions {
  readonly dags: string;
  readonly plugins: string;
  /** Plugin files with macros; asked only for a file that mentions macros. Absolute. */
  readonly macroPlugins?: () => Promise<readonly string[]>;
  /** Whether `windlass` is inlined or stays an import of `./sdk/…` (`platform/sdk-bundle.ts`). */
  readonly sdk: 'inside' | 'outside';
}

/** How every module of ours is made. */
export const FORM = {
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Without white space there are no path comments, which would differ from machine to machine.
  minifyWhitespace: true,
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  logLevel: 'silent',
  external: OPTIONAL_NATIVES,
  banner: { js: BANNER },
} as const satisfies BuildOptions;

/** Throws BundleError with the position of the first mistake. */
export async function bundleFile(entry: string, options: BundleOptions): Promise<Bundle> {
  const first = await bundleWith(entry, options, { files: [], templates: {} });
  const {
    texts: templates,
    files: templateFiles,
    missing,
  } = findTemplateFiles(
    entry,
    first.files.filter((file) => SCRIPT.test(file)),
    options.dags,
  );
  const hasTemplates = templateFiles.length > 0;
  const named = (bundle: Bundle): Bundle => ({
    ...bundle,
    files: [...bundle.files, ...templateFiles],
    alsoDependsOn: [...bundle.alsoDependsOn, ...missing],
  });
  const plain = hasTemplates ? named(await bundleWith(entry, options, { files: [], templates })) : named(first);
  // Plugins are inlined only where they are used: every bundle would change with every plugin, and grow.
  if (options.macroPlugins === undefined || !first.files.some((file) => /\bmacros\b/.test(readFileSync(file, 'utf8')))) return plain;
  const macroFiles = (await options.macroPlugins()).filter((file) => !plain.files.includes(file) && existsSync(file));
  return macroFiles.length === 0 ? plain : named(await bundleWith(entry, options, { files: macroFiles, templates }));
}

interface Also {
  readonly files: readonly string[];
  /** Texts of template files, by name. */
  readonly templates: Readonly<Record<string, string>>;
}

async function bundleWith(entry: string, options: BundleOptions, also: Also): Promise<Bundle> {
  try {
    const result = await whileBundling(() =>
      build({
        ...FORM,
        entryPoints: [entry],
        absWorkingDir: options.dags,
        sourcemap: 'inline',
        sourcesContent: false,
        nodePaths: [join(INSTALLATION_FOLDER, 'node_modules')],
        plugins: [resolveWindlass(options), keepConnectorsOutside(), keepNativesOutside(), importAlso(entry, also)],
      }),
    );
    const code = result.outputFiles[0]?.text ?? '';
    const inputs = Object.keys(result.metafile.inputs)
      // `import … with { type: 'json' }` makes esbuild append the attributes to the name.
      .map((input) => resolve(options.dags, input.replace(/ with \{[^}]*\}$/, '')))
      .filter((path) => !isOurs(path));
    const own = inputs.filter((path) => !path.includes('/node_modules/'));
    return { code, hash: bundleHash(code), files: own, alsoDependsOn: [...new Set(inputs.flatMap(manifestOf))] };
  } catch (error) {
    throw asBundleError(error, options.dags);
  }
}

let bundling = 0;

/** Keeps esbuild's helper process for as long as the work lasts. */
export async function whileBundling<T>(work: () => Promise<T>): Promise<T> {
  bundling += 1;
  try {
    return await work();
  } finally {
    bundling -= 1;
  }
}

/** Ends esbuild's helper process; the next bundle starts another. */
export async function stopBundler(): Promise<void> {
  await stop();
}

/** The same, unless somebody needs it just now. */
export async function restBundler(): Promise<void> {
  if (bundling === 0) await stop();
}

function isOurs(path: string): boolean {
  const inside = relative(INSTALLATION_FOLDER, path);
  return ['sdk/', 'core/', 'providers/', 'node_modules/'].some((room) => inside.startsWith(room));
}

/** The package.json of the package that a file lies in: it changes with each version. */
function manifestOf(path: string): readonly string[] {
  const match = /^.*\/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(path);
  return match ? [join(match[0], 'package.json')] : [];
}

/** What our providers load when a task needs it stays in the installation (`sdk/runtime/connectors.ts`). */
export function keepConnectorsOutside(): Plugin {
  const providers = join(INSTALLATION_FOLDER, 'providers/');
  return {
    name: 'connectors',
    setup({ onResolve }) {
      onResolve({ filter: /^(@[^/]+\/)?[a-z][^:]*$/ }, ({ path, kind, importer }) =>
        kind === 'dynamic-import' && importer.startsWith(providers) ? { path: CONNECTOR_SCHEME + path, external: true } : null,
      );
    },
  };
}

/** Packages with compiled parts cannot be inlined: the bundle names them by absolute path. */
function keepNativesOutside(): Plugin {
  return {
    name: 'natives',
    setup({ onResolve }) {
      onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => ({
        path: isAbsolute(path) ? path : resolve(resolveDir, path),
        external: true,
      }));
      onResolve({ filter: /^(@[^/]+\/)?[a-z][^/:]*$/ }, ({ path, resolveDir }) => {
        if (OPTIONAL_NATIVES.includes(path)) return null;
        const folder = packageFolder(path, resolveDir) ?? packageFolder(path, INSTALLATION_FOLDER);
        if (folder === null || !hasNativeParts(folder)) return null;
        try {
          return { path: createRequire(join(folder, 'package.json')).resolve(folder), external: true };
        } catch {
          return null;
        }
      });
    },
  };
}

/** Appends imports to the entry: they are hoisted, and the author's lines keep their numbers. */
function importAlso(entry: string, { files, templates }: Also): Plugin {
  const register = `import { registerTemplateFiles } from ${JSON.stringify(TEMPLATE_FILES)};registerTemplateFiles(${JSON.stringify(templates)});`;
  const hasTemplates = Object.keys(templates).length > 0;
  return {
    name: 'import-also',
    setup({ onLoad }) {
      if (files.length === 0 && !hasTemplates) return;
      onLoad({ filter: /\.[mc]?[jt]s$/ }, ({ path }) => {
        if (path !== entry) return null;
        const imports = files.map((file) => `import ${JSON.stringify(file)};`).join('');
        return {
          contents: `${readFileSync(path, 'utf8')}\n${imports}${hasTemplates ? register : ''}`,
          loader: /\.[mc]?ts$/.test(path) ? 'ts' : 'js',
          resolveDir: dirname(path),
        };
      });
    },
  };
}

function packageFolder(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (dirname(folder) === folder) return null;
  }
}

function hasNativeParts(folder: string): boolean {
  return existsSync(join(folder, 'binding.gyp')) || readdirSync(folder).some((name) => name.endsWith('.node') || name === 'prebuilds');
}

function asBundleError(error: unknown, folder: string): BundleError {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (!first) return new BundleError((error as Error).message, null);
  const position =
    first.location === null
      ? null
      : { file: resolve(folder, first.location.file), line: first.location.line, column: first.location.column + 1 };
  return new BundleError(first.text, position);
}
