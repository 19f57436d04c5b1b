/** What `windlass` and its parts are in a DAG file: this installation, whatever folder the file lies in. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import { SDK_FOLDER } from '#platform/sdk-bundle.ts';

/** Appended to a DAG file that names template files. */
export const TEMPLATE_FILES = 'windlass:template-files';

interface Part {
  readonly pattern: RegExp;
  /** Below the installation. */
  readonly source: (name: string) => string;
  /** Below the folder of the sdk. */
  readonly module: (name: string) => string;
}

const PARTS: readonly Part[] = [
  { pattern: /^windlass$/, source: () => 'sdk/index.ts', module: () => 'index.mjs' },
  { pattern: /^windlass\/airflow$/, source: () => 'sdk/airflow/index.ts', module: () => 'airflow.mjs' },
  { pattern: /^windlass\/airflow\/hitl$/, source: () => 'sdk/airflow/hitl.ts', module: () => 'airflow-hitl.mjs' },
  { pattern: /^windlass:template-files$/, source: () => 'sdk/template-files.ts', module: () => 'template-files.mjs' },
  // Where it is ours. Most DAG files with params import it, and it is larger than all of the sdk.
  { pattern: /^zod$/, source: () => 'node_modules/zod/index.js', module: () => 'zod.mjs' },
  // One copy for DAG files and providers: a table of one copy is no table to the other.
  { pattern: /^apache-arrow$/, source: () => 'node_modules/apache-arrow/Arrow.node.mjs', module: () => 'apache-arrow.mjs' },
  {
    pattern: /^windlass\/providers\/([a-z0-9-]+)$/,
    source: (name) => `providers/${name}/index.ts`,
    module: (name) => `providers/${name}.mjs`,
  },
];
const PLUGIN = /^windlass\/plugins\/([A-Za-z0-9_-]+)$/;

/** Module -> source of every part, given the names of the providers there are. */
export function partsOfSdk(providers: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    PARTS.flatMap(({ source, module }) => (source('') === source('x') ? [''] : providers).map((name) => [module(name), source(name)])),
  );
}

export function resolveWindlass(options: { readonly plugins: string; readonly sdk: 'inside' | 'outside' }): Plugin {
  return {
    name: 'windlass',
    setup({ onResolve }) {
      onResolve({ filter: /^(zod|apache-arrow)$/ }, ({ path, resolveDir }) =>
        options.sdk === 'outside' && !hasItsOwn(path, resolveDir) ? { path: `./${SDK_FOLDER}/${path}.mjs`, external: true } : null,
      );
      onResolve({ filter: /^(windlass|@apache-airflow\/ts-sdk|apache-airflow-ts-sdk)([/:]|$)/ }, ({ path }) => {
        const name = withoutAirflow(path);
        const plugin = PLUGIN.exec(name)?.[1];
        if (plugin !== undefined) return found(path, join(options.plugins, `${plugin}.ts`));
        for (const part of PARTS) {
          const match = part.pattern.exec(name);
          if (!match) continue;
          const [, inner = ''] = match;
          const resolved = found(path, join(INSTALLATION_FOLDER, part.source(inner)));
          if (options.sdk === 'inside' || 'errors' in resolved) return resolved;
          return { path: `./${SDK_FOLDER}/${part.module(inner)}`, external: true };
        }
        return {
          errors: [
            {
              text: `${JSON.stringify(path)} is nothing that Windlass exports. Use "windlass", "windlass/airflow", "windlass/providers/<name>" or "windlass/plugins/<name>".`,
            },
          ],
        };
      });
    },
  };
}

function hasItsOwn(name: string, from: string): boolean {
  for (let folder = from; folder !== INSTALLATION_FOLDER; folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules', name))) return true;
    if (dirname(folder) === folder) return false;
  }
  return false;
}

function found(specifier: string, file: string): { readonly path: string } | { readonly errors: { readonly text: string }[] } {
  return existsSync(file) ? { path: file } : { errors: [{ text: `${JSON.stringify(specifier)} does not exist in this Windlass.` }] };
}

/** A file written for Airflow's TypeScript SDK gets ours under the name it knows, installed or not. */
function withoutAirflow(specifier: string): string {
  return specifier.replace(/^(@apache-airflow\/ts-sdk|apache-airflow-ts-sdk)(?=\/|$)/, 'windlass/airflow');
}
