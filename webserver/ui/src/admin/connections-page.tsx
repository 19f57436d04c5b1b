import { Plug, Plus, SearchX } from 'lucide-react';
import { useState } from 'react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Badge } from '#ui-kit/badge.tsx';
import { Button } from '#ui-kit/button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { Table } from '#ui-kit/table.tsx';
import type { UiConnection } from '../../../ui-api/admin-types.ts';
import { DebouncedSearch } from '../shell/debounced-search.tsx';
import { useUrlState } from '../shell/url-state.ts';
import { useConnectionChanges, useConnections, useConnectionTest } from './admin-requests.ts';
import { ConnectionDialog } from './connection-dialog.tsx';
import { connectionType } from './connection-types.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { OriginBadge } from './origin-badge.tsx';
import { RowButtons } from './row-buttons.tsx';
import { TestFinding } from './test-finding.tsx';

type Overlay = { readonly kind: 'new' } | { readonly kind: 'edit' | 'delete'; readonly connection: UiConnection };

/** Where tasks reach other systems, whichever place the connection stands in. */
export function ConnectionsPage() {
  const [params, change] = useUrlState();
  const search = params.get('search') ?? '';
  const connections = useConnections();
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  const shown = connections.data?.connections.filter((one) => matches(one, search));
  return (
    <Page>
      <title>Connections · Windlass</title>
      <PageHeader
        title="Connections"
        subtitle="How tasks reach other systems. The environment comes before io_config.yaml, and that before the database."
        actions={
          <Button variant="primary" icon={<Plus size={16} />} onClick={() => setOverlay({ kind: 'new' })}>
            New connection
          </Button>
        }
      />
      <search className="flex">
        <DebouncedSearch
          value={search}
          onSettled={(text) => change({ search: text })}
          label="Search connections"
          className="w-full sm:w-72"
        />
      </search>
      {connections.error === null ? null : <ErrorPanel error={connections.error} onRetry={() => void connections.refetch()} />}
      {connections.data?.problem == null ? null : (
        <p role="alert" className="rounded-xl border border-danger-line bg-danger-soft px-4 py-3 break-words">
          {connections.data.problem}
        </p>
      )}
      <div className="rounded-xl border border-line bg-surface shadow-1">
        {connections.isPending ? <SkeletonRows rows={4} label="Loading connections" /> : null}
        {shown === undefined ? null : shown.length > 0 ? (
          <ConnectionTable connections={shown} onOverlay={setOverlay} />
        ) : search === '' ? (
          <NoConnections />
        ) : (
          <EmptyState
            icon={<SearchX size={20} />}
            title="No connection matches"
            actions={<Button onClick={() => change({ search: null })}>Clear search</Button>}
          >
            Search looks at ids, types and hosts.
          </EmptyState>
        )}
      </div>
      {overlay === null ? null : <Overlays overlay={overlay} onClose={() => setOverlay(null)} />}
    </Page>
  );
}

function ConnectionTable({ connections, onOverlay }: { connections: readonly UiConnection[]; onOverlay: (overlay: Overlay) => void }) {
  return (
    <Table label="Connections">
      <thead>
        <tr>
          <th>Connection</th>
          <th className="max-sm:hidden">Type</th>
          <th className="max-md:hidden">Where to</th>
          <th>From</th>
          <th>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {connections.map((connection) => (
          <ConnectionRow key={`${connection.origin} ${connection.id}`} connection={connection} onOverlay={onOverlay} />
        ))}
      </tbody>
    </Table>
  );
}

function ConnectionRow({ connection, onOverlay }: { connection: UiConnection; onOverlay: (overlay: Overlay) => void }) {
  const test = useConnectionTest(connection.id);
  return (
    <tr>
      <td className="max-w-[420px]">
        <span className="flex min-w-0 flex-col">
          <span className="truncate font-mono text-xs font-medium" title={connection.id}>
            {connection.id}
          </span>
          {connection.problem === null ? null : (
            <span className="text-xs break-words whitespace-normal text-danger">{connection.problem}</span>
          )}
          <TestFinding finding={test.data} error={test.error} />
          {connection.description === null ? null : <span className="truncate text-xs text-ink-3">{connection.description}</span>}
        </span>
      </td>
      <td className="max-sm:hidden">{connection.type === null ? null : <Badge>{connectionType(connection.type).label}</Badge>}</td>
      <td className="max-w-[360px] truncate font-mono text-xs text-ink-2 max-md:hidden">{addressOf(connection)}</td>
      <td>
        <OriginBadge origin={connection.origin} name={connection.originName} hiddenBy={connection.hiddenBy} />
      </td>
      <td className="w-0">
        <span className="flex justify-end gap-1">
          {connection.hiddenBy !== null || connection.problem !== null ? null : (
            <Button variant="ghost" size="sm" aria-label={`Test ${connection.id}`} isBusy={test.isPending} onClick={() => test.mutate()}>
              Test
            </Button>
          )}
          {connection.origin === 'database' ? (
            <RowButtons
              name={connection.id}
              onEdit={() => onOverlay({ kind: 'edit', connection })}
              onDelete={() => onOverlay({ kind: 'delete', connection })}
            />
          ) : null}
        </span>
      </td>
    </tr>
  );
}

function Overlays({ overlay, onClose }: { overlay: Overlay; onClose: () => void }) {
  if (overlay.kind === 'new') return <ConnectionDialog connection={null} onClose={onClose} />;
  if (overlay.kind === 'edit') return <ConnectionDialog connection={overlay.connection} onClose={onClose} />;
  return <DeleteConnection id={overlay.connection.id} onClose={onClose} />;
}

function DeleteConnection({ id, onClose }: { id: string; onClose: () => void }) {
  const { remove } = useConnectionChanges();
  return (
    <DeleteDialog
      what={`the connection ${id}`}
      effect="Tasks that ask for it fail from now on, unless it stands in another place, too."
      error={remove.error}
      isBusy={remove.isPending}
      onDelete={() => remove.mutate(id, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}

function matches({ id, type, host }: UiConnection, search: string): boolean {
  const text = search.toLowerCase();
  return [id, type, host].some((part) => part?.toLowerCase().includes(text) === true);
}

/** login@host:port/schema, of what there is. */
function addressOf({ login, host, port, schema }: UiConnection): string {
  const place = `${host ?? ''}${port === null ? '' : `:${port}`}`;
  return `${login === null || login === '' ? '' : `${login}@`}${place}${schema === null || schema === '' ? '' : `/${schema}`}`;
}

function NoConnections() {
  return (
    <EmptyState icon={<Plug size={20} />} title="No connections yet">
      Add one here, set <code className="font-mono text-xs">WINDLASS_CONN_WAREHOUSE=postgres://…</code> for the workers, or write an{' '}
      <code className="font-mono text-xs">io_config.yaml</code>.
    </EmptyState>
  );
}
