import { Braces, Plus, SearchX } from 'lucide-react';
import { useState } from 'react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Button } from '#ui-kit/button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { Table } from '#ui-kit/table.tsx';
import type { UiVariable } from '../../../ui-api/admin-types.ts';
import { DebouncedSearch } from '../shell/debounced-search.tsx';
import { useUrlState } from '../shell/url-state.ts';
import { useVariableChanges, useVariables } from './admin-requests.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { OriginBadge } from './origin-badge.tsx';
import { RowButtons } from './row-buttons.tsx';
import { VariableDialog } from './variable-dialog.tsx';

type Overlay = { readonly kind: 'new' } | { readonly kind: 'edit' | 'delete'; readonly variable: UiVariable };

/** Values that DAGs read by name, whichever place they stand in. */
export function VariablesPage() {
  const [params, change] = useUrlState();
  const search = params.get('search') ?? '';
  const variables = useVariables();
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  const shown = variables.data?.variables.filter((one) => one.key.toLowerCase().includes(search.toLowerCase()));
  return (
    <Page>
      <title>Variables · Windlass</title>
      <PageHeader
        title="Variables"
        subtitle="Values that tasks and templates read by name. The environment comes before the database."
        actions={
          <Button variant="primary" icon={<Plus size={16} />} onClick={() => setOverlay({ kind: 'new' })}>
            New variable
          </Button>
        }
      />
      <search className="flex">
        <DebouncedSearch
          value={search}
          onSettled={(text) => change({ search: text })}
          label="Search variables"
          className="w-full sm:w-72"
        />
      </search>
      {variables.error === null ? null : <ErrorPanel error={variables.error} onRetry={() => void variables.refetch()} />}
      <div className="rounded-xl border border-line bg-surface shadow-1">
        {variables.isPending ? <SkeletonRows rows={4} label="Loading variables" /> : null}
        {shown === undefined ? null : shown.length > 0 ? (
          <VariableTable variables={shown} onOverlay={setOverlay} />
        ) : search === '' ? (
          <NoVariables />
        ) : (
          <EmptyState
            icon={<SearchX size={20} />}
            title="No variable matches"
            actions={<Button onClick={() => change({ search: null })}>Clear search</Button>}
          >
            Search looks at keys.
          </EmptyState>
        )}
      </div>
      {overlay === null ? null : overlay.kind === 'delete' ? (
        <DeleteVariable name={overlay.variable.key} onClose={() => setOverlay(null)} />
      ) : (
        <VariableDialog variable={overlay.kind === 'edit' ? overlay.variable : null} onClose={() => setOverlay(null)} />
      )}
    </Page>
  );
}

function VariableTable({ variables, onOverlay }: { variables: readonly UiVariable[]; onOverlay: (overlay: Overlay) => void }) {
  return (
    <Table label="Variables">
      <thead>
        <tr>
          <th>Variable</th>
          <th>Value</th>
          <th className="max-sm:hidden">From</th>
          <th>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {variables.map((variable) => (
          <tr key={`${variable.origin} ${variable.key}`}>
            <td className="max-w-[340px]">
              <span className="flex min-w-0 flex-col">
                <span className="truncate font-mono text-xs font-medium" title={variable.key}>
                  {variable.key}
                </span>
                {variable.description === null ? null : <span className="truncate text-xs text-ink-3">{variable.description}</span>}
              </span>
            </td>
            <td className="max-w-[420px] truncate font-mono text-xs text-ink-2" title={variable.value}>
              {variable.value}
            </td>
            <td className="max-sm:hidden">
              <OriginBadge origin={variable.origin} name={variable.originName} hiddenBy={variable.hiddenBy} />
            </td>
            <td className="w-0">
              {variable.origin === 'database' ? (
                <RowButtons
                  name={variable.key}
                  onEdit={() => onOverlay({ kind: 'edit', variable })}
                  onDelete={() => onOverlay({ kind: 'delete', variable })}
                />
              ) : null}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function DeleteVariable({ name, onClose }: { name: string; onClose: () => void }) {
  const { remove } = useVariableChanges();
  return (
    <DeleteDialog
      what={`the variable ${name}`}
      effect="Tasks and templates that read it find nothing from now on."
      error={remove.error}
      isBusy={remove.isPending}
      onDelete={() => remove.mutate(name, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}

function NoVariables() {
  return (
    <EmptyState icon={<Braces size={20} />} title="No variables yet">
      A task reads one with <code className="font-mono text-xs">ctx.variable("region")</code>, a template with{' '}
      <code className="font-mono text-xs">{'{{ var.value.region }}'}</code>. Add it here, or set{' '}
      <code className="font-mono text-xs">WINDLASS_VAR_REGION</code>.
    </EmptyState>
  );
}
