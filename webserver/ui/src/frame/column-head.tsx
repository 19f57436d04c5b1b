import { cx } from '#ui-kit/class-names.ts';
import type { UiFrame, UiFrameColumnSummary } from '../../../ui-api/data-types.ts';
import { ColumnChart } from './column-chart.tsx';
import { type FrameAddress, useColumnSummary } from './frame-requests.ts';

/** Name, type, spread, ends and nulls of a column. Pressed, it shows more below the table. */
export function ColumnHead({
  address,
  column,
  widthPx,
  isSelected,
  onSelect,
}: {
  address: FrameAddress;
  column: UiFrame['columns'][number];
  widthPx: number;
  isSelected: boolean;
  onSelect: () => void;
}) {
  const { data, error } = useColumnSummary(address, column.name, column.isShown);
  return (
    <div role="columnheader" className="shrink-0 border-r border-line" style={{ width: widthPx }}>
      <button
        type="button"
        aria-pressed={isSelected}
        onClick={onSelect}
        className={cx(
          'flex h-full w-full flex-col px-3 py-2 text-left hover:bg-hover',
          isSelected && 'bg-accent-soft hover:bg-accent-soft',
        )}
      >
        <span className="w-full truncate font-mono text-xs font-medium" title={column.name}>
          {column.name}
        </span>
        <span className="w-full truncate text-2xs text-ink-3" title={column.type}>
          {typeWords(column.type)}
        </span>
        <span className="mt-1.5 block w-full">
          {data !== undefined ? (
            <ColumnChart summary={data} label={`How ${column.name} is spread`} />
          ) : error !== null || !column.isShown ? (
            <span className="flex h-[30px] items-end text-2xs text-ink-3">not summed up</span>
          ) : (
            <span className="wl-skeleton block h-[30px]" />
          )}
        </span>
        <span className="mt-1 flex w-full justify-between gap-2 text-2xs text-ink-3 tabular-nums">
          {data === undefined ? null : <Ends summary={data} />}
        </span>
      </button>
    </div>
  );
}

function Ends({ summary }: { summary: UiFrameColumnSummary }) {
  const { nulls, rows, min, max } = summary;
  const isScale = summary.counts !== null;
  return (
    <>
      <span className="min-w-0 truncate" title={isScale ? `${min} to ${max}` : undefined}>
        {isScale ? `${shortCell(min)} – ${shortCell(max)}` : summary.distinct === null ? 'many values' : counted(summary.distinct)}
      </span>
      {nulls === 0 ? null : <span className="shrink-0 text-warning">{shareWords(nulls, rows)} null</span>}
    </>
  );
}

function counted(distinct: number): string {
  return distinct === 0 ? 'no values' : `${distinct.toLocaleString('en')} ${distinct === 1 ? 'value' : 'values'}`;
}

export function shareWords(part: number, all: number): string {
  const percent = (100 * part) / Math.max(1, all);
  if (part === 0 || part === all) return `${percent} %`;
  return percent < 0.1 ? '<0.1 %' : `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}

/** "Timestamp<MICROSECOND>" → "timestamp, µs". */
export function typeWords(type: string): string {
  const unit = { SECOND: 's', MILLISECOND: 'ms', MICROSECOND: 'µs', NANOSECOND: 'ns' }[/<([A-Z]+)/.exec(type)?.[1] ?? ''];
  const base = type.replace(/<.*$/, '').toLowerCase();
  const zone = /, *([A-Za-z/_+:0-9-]+)>$/.exec(type)?.[1];
  if (base === 'utf8') return 'text';
  const [, digits, scale] = /^decimal\[(\d+)e\+?(-?\d+)\]$/.exec(base) ?? [];
  if (digits !== undefined) return `decimal(${digits}, ${scale})`;
  return [base, unit, zone].filter((part) => part !== undefined).join(', ');
}

/** Dates without the time, numbers without their tail. */
function shortCell(cell: string | null): string {
  if (cell === null) return '–';
  if (/^\d{4}-\d\d-\d\d/.test(cell)) return cell.slice(0, 10);
  const number = Number(cell);
  if (!Number.isFinite(number)) return cell;
  return cell.length > 9
    ? number.toLocaleString('en', { maximumSignificantDigits: 4, notation: 'compact' })
    : number.toLocaleString('en', { maximumFractionDigits: 9 });
}
