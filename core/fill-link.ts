/** Puts what a link is about into its address: "https://logs/?q={dag_id}" */
import type { PluginLink } from './plugin-protocol.ts';

export interface LinkFacts {
  readonly dag_id?: string | null;
  readonly run_id?: string | null;
  readonly task_id?: string | null;
  readonly map_index?: number | null;
  readonly try_number?: number | null;
  readonly logical_date?: string | null;
  readonly start?: string | null;
  readonly end?: string | null;
}

/** Each name in braces becomes its value, encoded; what has no value yet becomes nothing. Unknown names stay. */
export function fillLink(href: string, facts: LinkFacts): string {
  return href.replace(/\{([a-z_]+)\}/g, (whole, name: string) =>
    KNOWN.has(name) ? encodeURIComponent(String(facts[name as keyof LinkFacts] ?? '')) : whole,
  );
}

const KNOWN: ReadonlySet<string> = new Set(['dag_id', 'run_id', 'task_id', 'map_index', 'try_number', 'logical_date', 'start', 'end']);

/** Those for a place, and for a task those for its operator. */
export function linksFor(links: readonly PluginLink[], on: PluginLink['on'], operator: string | null = null): readonly PluginLink[] {
  return links.filter((link) => link.on === on && (link.operators === null || (operator !== null && link.operators.includes(operator))));
}
