import { Table2 } from 'lucide-react';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { Table } from '#ui-kit/table.tsx';
import type { UiAsset } from '../../../ui-api/asset-types.ts';

/** The first rows of the newest version that kept them. */
export function SampleTable({ sample }: Pick<UiAsset, 'sample'>) {
  return (
    <Card bodyClassName="rounded-[inherit]">
      {sample === null ? (
        <EmptyState icon={<Table2 size={18} />} title="No rows are kept">
          Give the asset <code className="font-mono text-xs">preview: 20</code>, and each version keeps its first rows for everybody who may
          see this page.
        </EmptyState>
      ) : (
        <Table label="Preview" dense>
          <thead>
            <tr>
              {sample.columns.map((column, index) => (
                <th key={column} className={typeof sample.rows[0]?.[index] === 'number' ? 'text-right' : undefined}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sample.rows.map((row, index) => (
              // Rows of a table have no name but their place.
              // biome-ignore lint/suspicious/noArrayIndexKey: the rows never change places
              <tr key={index}>
                {row.map((cell, column) => (
                  <td
                    key={sample.columns[column]}
                    className={typeof cell === 'number' ? 'max-w-[320px] text-right tabular-nums' : 'max-w-[320px] truncate'}
                    title={cell === null ? 'null' : String(cell)}
                  >
                    {cell === null ? <span className="text-ink-3">null</span> : String(cell)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
