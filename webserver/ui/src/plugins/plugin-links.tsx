import { ExternalLink } from 'lucide-react';
import { fillLink, type LinkFacts, linksFor } from '#core/fill-link.ts';
import type { PluginLink } from '#core/plugin-protocol.ts';
import { usePlugins } from '../api/queries.ts';

/** Links of plugins for what the page shows; nothing where there are none. */
export function PluginLinks({ on, facts, operator = null }: { on: PluginLink['on']; facts: LinkFacts; operator?: string | null }) {
  const plugins = usePlugins();
  const links = linksFor(plugins.data?.plugins.flatMap((plugin) => plugin.links) ?? [], on, operator);
  if (links.length === 0) return null;
  return (
    <span className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs">
      {links.map((link) => (
        <a
          key={link.name}
          href={fillLink(link.href, facts)}
          target="_blank"
          rel="noreferrer noopener"
          className="inline-flex items-center gap-1 text-ink-2 underline decoration-line-strong hover:text-ink"
        >
          <ExternalLink size={12} />
          {link.name}
        </a>
      ))}
    </span>
  );
}
