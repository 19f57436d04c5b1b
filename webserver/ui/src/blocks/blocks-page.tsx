import { Blocks, CheckCheck } from 'lucide-react';
import { Link } from 'react-router';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { Table } from '#ui-kit/table.tsx';
import type { UiBlocks } from '../../../ui-api/data-types.ts';
import { pages } from '../api/paths.ts';
import { useBlocks } from '../api/queries.ts';
import { BlockBadge } from '../shell/block-badge.tsx';

/** Every reusable task, and who uses it: what a change of it reaches. */
export function BlocksPage() {
  const blocks = useBlocks();
  return (
    <Page>
      <title>Blocks · Windlass</title>
      <PageHeader title="Blocks" subtitle="Reusable loaders, transformers, exporters and sensors, and the tasks made from each" />
      <Card>
        {blocks.error !== null ? (
          <ErrorPanel error={blocks.error} />
        ) : blocks.data === undefined ? (
          <div className="p-4">
            <Skeleton className="h-24 w-full" />
          </div>
        ) : blocks.data.blocks.length === 0 ? (
          <EmptyState icon={<Blocks size={18} />} title="No blocks yet" command="npx windlass add loader --from postgres">
            A block is a task that several DAGs use. This command writes one to begin with.
          </EmptyState>
        ) : (
          <BlockTable blocks={blocks.data.blocks} />
        )}
      </Card>
    </Page>
  );
}

function BlockTable({ blocks }: UiBlocks) {
  return (
    <Table label="Blocks">
      <thead>
        <tr>
          <th>Block</th>
          <th className="max-sm:hidden">Kind</th>
          <th>Used by</th>
        </tr>
      </thead>
      <tbody>
        {blocks.map((block) => (
          <tr key={`${block.kind}/${block.name}`}>
            <td className="align-top">
              <span className="font-mono text-xs font-medium">{block.name}</span>
              <span className="mt-1 block sm:hidden">
                <BlockBadge kind={block.kind} />
              </span>
            </td>
            <td className="align-top max-sm:hidden">
              <BlockBadge kind={block.kind} />
            </td>
            <td className="align-top">
              <UsedBy uses={block.usedBy} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function UsedBy({ uses }: { uses: UiBlocks['blocks'][number]['usedBy'] }) {
  return (
    <ul className="flex flex-col gap-1">
      {uses.map(({ dagId, taskId, checks }) => (
        <li key={`${dagId}/${taskId}`} className="flex min-w-0 flex-wrap items-center gap-x-2 font-mono text-xs">
          <Link to={`${pages.dag(dagId, 'graph')}?task=${encodeURIComponent(taskId)}`} className="break-all hover:underline">
            {dagId}
            <span className="text-ink-3"> / {taskId}</span>
          </Link>
          {checks === 0 ? null : (
            <span className="inline-flex items-center gap-1 text-ink-3" title={`${checks} checks`}>
              <CheckCheck size={12} aria-hidden /> {checks}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
