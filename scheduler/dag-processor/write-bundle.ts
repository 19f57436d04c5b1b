/** Puts a bundle where a caged child can import it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newId } from '#platform/clock.ts';
import type { Bundle } from './bundle.ts';

/**
 * Returns the path of the module in the work folder, a file of the caller's own, who removes it. `file` is the author's:
 * stacks of the module name it, as its source map gets an absolute root.
 */
export async function writeBundle(workFolder: string, file: string, bundle: Bundle): Promise<string> {
  const target = join(workFolder, `${bundle.hash}.${newId()}.mjs`);
  await mkdir(workFolder, { recursive: true });
  await writeFile(target, mapTo(bundle.code, dirname(file)));
  return target;
}

function mapTo(code: string, folder: string): string {
  const match = /\n\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/.exec(code);
  if (!match) return code;
  const map = JSON.parse(Buffer.from(match[1] as string, 'base64').toString('utf8')) as { sources: string[] };
  map.sources = map.sources.map((source) => (source.startsWith('/') ? source : join(folder, source)));
  return `${code.slice(0, match.index)}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}\n`;
}
