/** GET /ui/api/plugins: what is installed, what it offers, what it does wrong, and where it links to. */
import { PLUGIN_KINDS } from '#core/plugin-protocol.ts';
import { listPlugins, type PluginRow } from '#platform/db/queries/api/list-plugins.ts';
import { iso } from '../http/iso.ts';
import { type Route, route } from '../http/route.ts';
import type { UiPlugins } from './types.ts';

const SHOWN = 1_000;

export const pluginPageRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/ui/api/plugins',
    permission: 'viewer',
    summary: 'The plugins, and what they do wrong.',
    async handle({ db }): Promise<UiPlugins> {
      const page = await listPlugins(db, { filters: [], orderBy: [], limit: SHOWN, offset: 0 });
      return { plugins: page.rows.map(uiPlugin) };
    },
  }),
];

function uiPlugin(row: PluginRow): UiPlugins['plugins'][number] {
  const offers = PLUGIN_KINDS.flatMap((kind) => {
    const names = row.provides[kind];
    return Array.isArray(names) && names.length > 0 ? [{ kind, names: names.map(String) }] : [];
  });
  return {
    name: row.name,
    filePath: row.file_path,
    offers,
    links: row.error === null ? row.links : [],
    error: row.error,
    loadedAt: iso(row.loaded_at),
    faults: row.faults,
    lastFault: row.last_fault,
    faultedAt: iso(row.faulted_at),
  };
}
