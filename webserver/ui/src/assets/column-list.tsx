import { Columns3 } from 'lucide-react';
import type { ColumnSource } from '#core/assets/asset-version.ts';
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
              <th>Made of</th>
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
                <td className="w-full">
                  <Sources sources={columnLineage?.[column.name] ?? null} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}

/** Null: nobody knows. */
function Sources({ sources }: { sources: readonly ColumnSource[] | null }) {
  if (sources === null) return <span className="text-xs text-ink-3">not known</span>;
  if (sources.length === 0) return <span className="text-xs text-ink-3">no column</span>;
  return (
    <ul className="flex flex-col gap-0.5">
      {sources.map((source) => (
        <li key={JSON.stringify(source)} className="flex flex-wrap items-baseline gap-x-2 text-xs">
          <Source {...source} />
        </li>
      ))}
    </ul>
  );
}

function Source({ asset, column, through = [] }: ColumnSource) {
  const frame = /^frame:\/\/[^/]*\/(.*)$/.exec(asset)?.[1];
  return (
    <>
      <span className="break-all font-mono text-ink-2">{frame === undefined ? `${asset}.${column}` : column}</span>
      <span className="text-ink-3">
        {[
          ...(frame === undefined ? [] : [`of the frame of ${frame}`]),
          ...(through.length === 0 ? [] : [`through ${through.join(' → ')}`]),
          ...(frame === undefined ? [] : ['not known further back']),
        ].join(', ')}
      </span>
    </>
  );
}
