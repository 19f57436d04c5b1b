import { EyeOff, Table2 } from 'lucide-react';
import type { AssetSample } from '#core/assets/asset-version.ts';
import { Card } from '#ui-kit/card.tsx';
import { cx } from '#ui-kit/class-names.ts';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { Table } from '#ui-kit/table.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiAsset } from '../../../ui-api/asset-types.ts';
import { shareWords, typeWords } from '../frame/column-head.tsx';

/** The first rows of the newest version that has some. */
export function SampleTable({ asset }: { asset: UiAsset }) {
  const { sample } = asset;
  if (!asset.keepsRows)
    return (
      <Card>
        <EmptyState icon={<EyeOff size={18} />} title="No rows are kept of this asset">
          It says so itself: <code className="font-mono text-xs">preview: false</code>.
        </EmptyState>
      </Card>
    );
  if (sample === null)
    return (
      <Card>
        <EmptyState icon={<Table2 size={18} />} title="No rows yet">
          Files and tables that the writers of the providers make show their first rows here. Statements that add rows to a table, and code
          that writes by itself, leave none.
        </EmptyState>
      </Card>
    );
  return (
    <Card bodyClassName="rounded-[inherit]">
      <p className="border-b border-line px-4 py-2.5 text-xs text-ink-3">
        <What asset={asset} sample={sample} />
      </p>
      <Table label="Preview" dense>
        <thead>
          <tr>
            {sample.columns.map((name, index) => (
              <Head key={name} name={name} index={index} asset={asset} sample={sample} />
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
                  className={cx('max-w-[320px] truncate text-xs', isNumeric(sample, column) && 'text-right font-mono tabular-nums')}
                  title={cell === null ? 'null' : String(cell)}
                >
                  {cell === null ? <span className="text-ink-3 italic">null</span> : String(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

/** How much of it is shown, and of which version. */
function What({
  asset: { rowCount, columnCount, sampleVersionId, sampledAt, lastEventAt },
  sample,
}: {
  asset: UiAsset;
  sample: AssetSample;
}) {
  const isNewest = sampledAt !== null && lastEventAt !== null && Date.parse(sampledAt) >= Date.parse(lastEventAt) - 1_000;
  const shown = sample.rows.length;
  const rows =
    isNewest && rowCount !== null && rowCount > shown
      ? `First ${shown} of ${rowCount.toLocaleString('en-GB')} rows`
      : counted(shown, 'row');
  const isCut = columnCount !== null && columnCount > sample.columns.length;
  return (
    <>
      {rows}
      {isCut ? `, ${sample.columns.length} of ${columnCount} columns` : null}, of version {sampleVersionId}
      {sampledAt === null ? null : (
        <>
          , <TimeAgo iso={sampledAt} />
        </>
      )}
      {isNewest ? null : <span className="text-warning">; of newer versions no rows were kept</span>}
    </>
  );
}

function Head({ name, index, asset, sample }: { name: string; index: number; asset: UiAsset; sample: AssetSample }) {
  const type = asset.columns?.find((column) => column.name === name)?.type;
  const nulls = sample.nulls?.[index] ?? null;
  return (
    <th className={cx('align-top', isNumeric(sample, index) && 'text-right')}>
      <div className="py-2">
        <span className="block font-mono text-xs text-ink">{name}</span>
        <span className="block text-2xs font-normal text-ink-3">{type === undefined ? '–' : typeWords(type)}</span>
        <NullShare nulls={nulls} rows={asset.rowCount} />
      </div>
    </th>
  );
}

function isNumeric({ rows }: AssetSample, column: number): boolean {
  return rows.some((row) => typeof row[column] === 'number');
}

function NullShare({ nulls, rows }: { nulls: number | null; rows: number | null }) {
  if (nulls === null || rows === null || rows < nulls) return null;
  if (nulls === 0) return <span className="block text-2xs font-normal text-ink-3">no nulls</span>;
  return <span className="block text-2xs font-normal text-warning">{shareWords(nulls, rows)} null</span>;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
