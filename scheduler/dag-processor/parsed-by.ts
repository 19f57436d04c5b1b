/** What decides, beside a DAG file itself, what comes of it: a change of any of it has all files parsed again. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '#platform/config/config.ts';

/** `sourceKey`: of this Windlass. Returns sha256, hex. */
export function parsedBy(config: Config, sourceKey: string): string {
  const { dagImportTimeoutMs, dagImportMemoryMb, defaultTaskRetries, defaultTaskRetryDelayMs, pluginsFolder } = config;
  // Macros are inlined, and strategies weigh tasks.
  const plugins = globSync('**/*.{ts,mts,js,mjs}', { cwd: pluginsFolder, exclude: (path) => path.includes('node_modules') })
    .sort()
    .map((path) => [path, readFileSync(join(pluginsFolder, path), 'utf8')]);
  const parts = [sourceKey, process.version, dagImportTimeoutMs, dagImportMemoryMb, defaultTaskRetries, defaultTaskRetryDelayMs, plugins];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
