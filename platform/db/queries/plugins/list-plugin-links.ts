import type { PluginLink } from '#core/plugin-protocol.ts';
import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'list_plugin_links',
  text: `select links from plugin where error is null and links <> '[]' order by name`,
};

/** listPluginLinks    who: web server. Reads only. */
export async function listPluginLinks(db: Queryable): Promise<readonly PluginLink[]> {
  return (await db.query<{ links: readonly PluginLink[] }>(STATEMENT)).rows.flatMap((row) => row.links);
}
