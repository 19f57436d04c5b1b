import { Columns3 } from 'lucide-react';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { Table } from '#ui-kit/table.tsx';
import type { UiAsset } from '../../../ui-api/asset-types.ts';

/** The columns of the newest version that says, and what each is made of. */
export function ColumnList({ asset }: { asset: UiAsset }) {
  const { columns, columnLineage } = asset;
  return (
    <Card bodyClassName="rounded-[inherit]">
      {columns === null ? (
        <EmptyState icon={<Columns3 size={18} />} title="Columns are not known">
          They come with the first version that a writer of the providers makes, or from{' '}
          <code className="font-mono text-xs">ctx.outlets.get(asset).describe(…)</code>.
        </EmptyState>
      ) : (
        <Table label="Columns" dense>
          <thead>
            <tr>
              <th>Name</th>
              <th>Type</th>
              {columnLineage === null ? null : <th>Made of</th>}
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <tr key={column.name}>
                <td className="font-medium">{column.name}</td>
                <td className="font-mono text-xs text-ink-2">
                  {column.type}
                  {column.nullable ? null : <span className="text-ink-3"> not null</span>}
                </td>
                {columnLineage === null ? null : (
                  <td className="w-full max-w-0">
                    <span className="block truncate font-mono text-xs text-ink-3" title={sourcesOf(columnLineage[column.name])}>
                      {sourcesOf(columnLineage[column.name]) || '–'}
                    </span>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}

function sourcesOf(sources: readonly { readonly asset: string; readonly column: string }[] = []): string {
  return sources.map(({ asset, column }) => `${asset}.${column}`).join(', ');
}
