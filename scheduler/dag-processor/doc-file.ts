/** `docMd: 'sales.md'`: the text of a file beside the DAG file, read when the DAG is. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { DagSpec } from '#core/dag-spec.ts';

const PATH = /^[^\n]{1,500}\.md$/i;
const BYTES_MAX = 1024 * 1024;

export type WithDoc = { readonly spec: DagSpec; readonly file: string | null } | { readonly problem: string; readonly file: string | null };

/** Puts the text in the place of the path. The file must lie in the dags folder: what it says is shown to everybody. */
export function withDocFile(spec: DagSpec, dagFile: string, dagsFolder: string): WithDoc {
  const { docMd, dagId } = spec;
  if (docMd === null || !PATH.test(docMd)) return { spec, file: null };
  const places = [resolve(dirname(dagFile), docMd), resolve(dagsFolder, docMd)];
  const file = places.find((place) => existsSync(place)) ?? null;
  const option = `docMd of DAG "${dagId}" names the file ${JSON.stringify(docMd)}`;
  if (file === null)
    return { problem: `${option}, which does not exist beside the DAG file. Make it, or write the text itself.`, file: places[0] ?? null };
  // The DAG file may be a link, as git-sync makes them: then its real folder counts as well.
  const folders = [realpathSync(dagsFolder), dirname(realpathSync(dagFile))];
  if (folders.every((folder) => relative(folder, realpathSync(file)).startsWith('..')))
    return { problem: `${option}, which lies outside of the dags folder. Move it there, or write the text itself.`, file };
  const stats = statSync(file);
  if (!stats.isFile() || stats.size > BYTES_MAX)
    return { problem: `${option}, which is no file of at most ${BYTES_MAX / 1024 / 1024} MiB.`, file };
  return { spec: { ...spec, docMd: readFileSync(file, 'utf8') }, file };
}
