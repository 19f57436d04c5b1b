/**
 * Builds the pages (webserver/ui, monitor/ui) into their `dist` when a source changed since the last build.
 * `npm start` and `npm test` run it; nothing changed costs some 20 ms.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface App {
  readonly folder: string;
  /** Everything its build reads besides its own folder. */
  readonly sources: readonly string[];
}

const SHARED = ['ui-kit', 'core', 'package-lock.json'];
const APPS: readonly App[] = [
  { folder: 'webserver/ui', sources: [...SHARED, 'webserver/ui-api'] },
  { folder: 'monitor/ui', sources: [...SHARED, 'monitor/api'] },
];
const STAMP = '.source-hash';

for (const app of APPS) {
  if (!existsSync(join(ROOT, app.folder, 'vite.config.ts'))) continue;
  const hash = hashOf([app.folder, ...app.sources]);
  const stamp = join(ROOT, app.folder, 'dist', STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) continue;
  await build(app, hash);
}

async function build(app: App, hash: string): Promise<void> {
  const folder = join(ROOT, app.folder);
  process.stderr.write(`  Building the pages of ${app.folder} …\n`);
  let vite: typeof import('vite');
  try {
    vite = await import('vite');
  } catch {
    throw new Error(
      `${app.folder}/dist is missing or older than its sources, and vite is not installed. Run npm install with development packages.`,
    );
  }
  // Built beside the old one and swapped in: whoever serves it meanwhile sees a whole one.
  const next = join(folder, `dist.next-${process.pid}`);
  try {
    await vite.build({
      root: folder,
      configFile: join(folder, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: next, emptyOutDir: true },
    });
    mkdirSync(next, { recursive: true });
    writeFileSync(join(next, STAMP), hash);
    swap(next, join(folder, 'dist'));
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

function swap(next: string, current: string): void {
  const old = `${current}.old-${process.pid}`;
  if (existsSync(current)) renameSync(current, old);
  try {
    renameSync(next, current);
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths)
    for (const file of filesUnder(join(ROOT, path))) hash.update(relative(ROOT, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function filesUnder(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('dist') && !entry.name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(path, entry.name)) : [join(path, entry.name)]));
}
