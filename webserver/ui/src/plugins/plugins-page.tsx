import { Puzzle } from 'lucide-react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Badge } from '#ui-kit/badge.tsx';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { Table } from '#ui-kit/table.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiPlugins } from '../../../ui-api/types.ts';
import { usePlugins } from '../api/queries.ts';

type UiPlugin = UiPlugins['plugins'][number];

const KIND_WORDS: Readonly<Record<UiPlugin['offers'][number]['kind'], string>> = {
  tasks: 'Tasks',
  sensors: 'Sensors',
  macros: 'Macros',
  timetables: 'Timetables',
  listeners: 'Listeners',
  priorityStrategies: 'Priority strategies',
  secrets: 'Secrets',
  links: 'Links',
};

/** What is installed, what it offers, and what it does wrong, by name. */
export function PluginsPage() {
  const plugins = usePlugins();
  return (
    <Page>
      <title>Plugins · Windlass</title>
      <PageHeader title="Plugins" subtitle="What the files of the plugins folder offer, and what they do wrong" />
      <Card>
        {plugins.error !== null ? (
          <ErrorPanel error={plugins.error} />
        ) : plugins.data === undefined ? (
          <div className="p-4">
            <Skeleton className="h-24 w-full" />
          </div>
        ) : plugins.data.plugins.length === 0 ? (
          <EmptyState icon={<Puzzle size={18} />} title="No plugins">
            A file in the plugins folder whose default export is <code className="font-mono text-xs">definePlugin(…)</code> is one.
          </EmptyState>
        ) : (
          <PluginTable plugins={plugins.data.plugins} />
        )}
      </Card>
    </Page>
  );
}

function PluginTable({ plugins }: { plugins: readonly UiPlugin[] }) {
  return (
    <Table label="Plugins">
      <thead>
        <tr>
          <th>Plugin</th>
          <th>State</th>
          <th className="max-sm:hidden">Offers</th>
          <th className="max-sm:hidden">Loaded</th>
        </tr>
      </thead>
      <tbody>
        {plugins.map((plugin) => (
          <tr key={plugin.name}>
            <td className="align-top">
              <span className="flex flex-col">
                <span className="font-medium">{plugin.name}</span>
                <span className="font-mono text-2xs text-ink-3">{plugin.filePath}</span>
              </span>
            </td>
            <td className="max-w-[420px] align-top">
              <PluginState plugin={plugin} />
              <span className="mt-2 block sm:hidden">
                <Offers offers={plugin.offers} />
              </span>
            </td>
            <td className="align-top max-sm:hidden">
              <Offers offers={plugin.offers} />
            </td>
            <td className="align-top text-ink-2 max-sm:hidden">
              <TimeAgo iso={plugin.loadedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function PluginState({ plugin }: { plugin: UiPlugin }) {
  const problem = plugin.error ?? plugin.lastFault;
  return (
    <span className="flex flex-col items-start gap-1">
      {plugin.error !== null ? (
        <Badge tone="danger">Does not load</Badge>
      ) : plugin.faults === 0 ? (
        <Badge tone="good">Loaded</Badge>
      ) : (
        <Badge tone="warning">{plugin.faults === 1 ? 'Failed once' : `Failed ${plugin.faults} times`}</Badge>
      )}
      {problem === null ? null : <span className="text-xs break-words whitespace-normal text-ink-2">{problem}</span>}
      {plugin.faultedAt === null ? null : (
        <span className="text-2xs text-ink-3">
          last <TimeAgo iso={plugin.faultedAt} />
        </span>
      )}
    </span>
  );
}

function Offers({ offers }: { offers: UiPlugin['offers'] }) {
  if (offers.length === 0) return <span className="text-ink-3">Nothing</span>;
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-1 text-xs">
      {offers.map(({ kind, names }) => (
        <div key={kind} className="contents">
          <dt className="text-ink-3">{KIND_WORDS[kind]}</dt>
          <dd className="flex flex-wrap gap-1">
            {names.map((name) => (
              <Badge key={name} mono={kind !== 'links'}>
                {name}
              </Badge>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}
