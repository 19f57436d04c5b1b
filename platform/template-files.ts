/** Finds the files that a DAG file names as templates: `'load.sql'` beside it, beside its helper that names it, or below the dags folder. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';

const NAMED = /(["'`])([^"'`\s]{1,300}\.(?:sql|sh|bash))\1/g;
const BYTES_MAX = 1024 * 1024;

export interface TemplateFiles {
  /** By name, as it stands in the source. */
  readonly texts: Readonly<Record<string, string>>;
  /** Absolute paths. */
  readonly files: readonly string[];
  /** Where those that are named and not there would be. */
  readonly missing: readonly string[];
}

/** `sources`: the DAG file and its own helpers, absolute. What lies outside of their folders and of the dags folder is left alone. */
export function findTemplateFiles(dagFile: string, sources: readonly string[], dagsFolder: string): TemplateFiles {
  const named = sources.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(NAMED)].map((match) => ({ name: match[2] as string, folder: dirname(file) })),
  );
  const folders = [...new Set(named.map(({ folder }) => folder))];
  const names = new Set(named.map(({ name }) => name));
  const found = [...names].flatMap((name) => {
    const beside = named.filter((one) => one.name === name).map(({ folder }) => resolve(folder, name));
    const file = [resolve(dirname(dagFile), name), ...beside, resolve(dagsFolder, name)].find((place) =>
      isReadable(place, [dagsFolder, dirname(dagFile), ...folders]),
    );
    return file === undefined ? [] : [{ name, file }];
  });
  const there = new Set(found.map(({ name }) => name));
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    texts: Object.fromEntries(found.map(({ name, file }) => [name, readFileSync(file, 'utf8')])),
    files: [...new Set(found.map(({ file }) => file))],
    missing: [...names].filter((name) => !there.has(name)).map((name) => resolve(dirname(dagFile), name)),
  };
}

function isReadable(file: string, folders: readonly string[]): boolean {
  if (!existsSync(file)) return false;
  const real = realpathSync(file);
  const stats = statSync(real);
  return stats.isFile() && stats.size <= BYTES_MAX && folders.some((folder) => !relative(realpathSync(folder), real).startsWith('..'));
}
