import type { Command } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

const PLUGINS_MAX = 1_000;

/** `windlass plugins list`: exits with 1 when one does not load. */
export function pluginsList(): Command {
  return listCommand('list')
    .description('List plugins, what they offer, and what they do wrong')
    .action(async (flags: OutputOptions) => {
      const { withDatabase } = await import('../environment.ts');
      const { listRequest } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { listPlugins } = await import('#platform/db/queries/api/list-plugins.ts');
      await withDatabase(async ({ db }) => {
        const { rows } = await listPlugins(db, listRequest([], 'name', PLUGINS_MAX));
        printRows(
          rows.map((row) => ({
            name: row.name,
            source: row.file_path,
            status: statusOf(row.error, row.faults),
            offers: offersOf(row.provides),
            problem: row.error ?? row.last_fault ?? '',
          })),
          flags,
          'No plugins. A file in the plugins folder whose default export is definePlugin({ … }) is one.',
        );
        if (rows.some((row) => row.error !== null)) process.exitCode = 1;
      });
    });
}

function statusOf(error: string | null, faults: number): string {
  if (error !== null) return 'broken';
  return faults === 0 ? 'loaded' : `${faults} ${faults === 1 ? 'fault' : 'faults'}`;
}

function offersOf(provides: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(provides).filter(([, names]) => Array.isArray(names) && names.length > 0);
  return parts.map(([kind, names]) => `${kind}: ${(names as readonly string[]).join(', ')}`).join('; ') || 'nothing';
}
