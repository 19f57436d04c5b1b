import { useState } from 'react';
import { cx } from '#ui-kit/class-names.ts';
import { Segmented } from '#ui-kit/tabs.tsx';
import { formatBytes, formatLocalShort } from '#ui-kit/time-format.ts';
import type { RestAssetVersion } from '../api/rest-types.ts';

const HEIGHT_PX = 88;
const MIN_PX = 2;
const MEASURES = [
  { value: 'row_count', label: 'Rows' },
  { value: 'bytes', label: 'Bytes' },
] as const;
type Measure = (typeof MEASURES)[number]['value'];

/** How much there was with each version, oldest first. A bar whose columns broke with those before is marked. */
export function VersionBars({ versions }: { versions: readonly RestAssetVersion[] }) {
  const [measure, setMeasure] = useState<Measure>('row_count');
  const known = [...versions].reverse().filter((version) => version[measure] !== null);
  const other = MEASURES.filter(({ value }) => versions.some((version) => version[value] !== null));
  const most = Math.max(1, ...known.map((version) => version[measure] ?? 0));
  if (other.length === 0) return null;
  return (
    <figure className="flex flex-col gap-2 border-b border-line px-4 pt-3 pb-4">
      <figcaption className="flex items-center justify-between gap-3 text-xs text-ink-3">
        <span>
          Up to <span className="font-medium text-ink-2 tabular-nums">{wordsOf(measure, most)}</span>
        </span>
        <Segmented label="Rows or bytes" options={MEASURES} value={measure} onChange={setMeasure} />
      </figcaption>
      <div className="flex items-end gap-[3px]" style={{ height: HEIGHT_PX }}>
        {known.map((version) => (
          <span
            key={version.id}
            role="img"
            aria-label={`Version ${version.id}: ${wordsOf(measure, version[measure] ?? 0)}`}
            title={`${formatLocalShort(version.timestamp)}\n${wordsOf(measure, version[measure] ?? 0)}${version.is_compatible ? '' : '\ncolumns no longer fit those before'}`}
            className={cx(
              'min-w-[3px] max-w-[22px] flex-1 rounded-t-[3px] transition-opacity hover:opacity-70',
              version.is_compatible ? 'bg-brass' : 'bg-danger',
            )}
            style={{ height: Math.max(MIN_PX, ((version[measure] ?? 0) / most) * HEIGHT_PX) }}
          />
        ))}
      </div>
    </figure>
  );
}

function wordsOf(measure: Measure, value: number): string {
  return measure === 'bytes' ? formatBytes(value) : `${value.toLocaleString('en-GB')} rows`;
}
