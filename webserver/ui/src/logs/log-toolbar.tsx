import { ChevronDown, ChevronUp, Download, WrapText } from 'lucide-react';
import { Button } from '#ui-kit/button.tsx';
import { Select } from '#ui-kit/fields.tsx';
import { DebouncedSearch } from '../shell/debounced-search.tsx';
import { useUrlState } from '../shell/url-state.ts';
import type { LogState } from './use-log.ts';

const LEVELS = [
  { value: '', label: 'All levels' },
  { value: 'info', label: 'Info and up' },
  { value: 'warning', label: 'Warnings and errors' },
  { value: 'error', label: 'Errors' },
] as const;

const SOURCES = [
  { value: '', label: 'All sources' },
  { value: 'task', label: 'ctx.log' },
  { value: 'stdout', label: 'stdout' },
  { value: 'stderr', label: 'stderr' },
  { value: 'system', label: 'Windlass' },
] as const;

interface LogToolbarProps {
  readonly lineCount: number;
  readonly shownCount: number;
  readonly status: LogState['status'];
  /** Null without a search. */
  readonly matchCount: number | null;
  readonly matchAt: number;
  readonly onStep: (by: number) => void;
  readonly onDownload: () => void;
}

/** Search, filters, wrap and download; all of it in the address. */
export function LogToolbar({ lineCount, shownCount, status, matchCount, matchAt, onStep, onDownload }: LogToolbarProps) {
  const [params, change] = useUrlState();
  const isWrapped = params.get('wrap') !== '0';
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-2 px-4 py-2.5 md:px-6">
      <DebouncedSearch
        value={params.get('q') ?? ''}
        onSettled={(text) => change({ q: text })}
        label="Search the log"
        className="w-44 sm:w-64"
      />
      {matchCount === null ? null : (
        <span className="inline-flex items-center gap-1 text-xs text-ink-2 tabular-nums">
          {matchCount === 0 ? 'no match' : `${matchAt + 1} of ${matchCount}`}
          <Button size="sm" variant="ghost" aria-label="Previous match" icon={<ChevronUp size={14} />} onClick={() => onStep(-1)} />
          <Button size="sm" variant="ghost" aria-label="Next match" icon={<ChevronDown size={14} />} onClick={() => onStep(1)} />
        </span>
      )}
      <Select aria-label="Level" value={params.get('level') ?? ''} onChange={(event) => change({ level: event.target.value })}>
        {LEVELS.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Source"
        className="max-sm:hidden"
        value={params.get('source') ?? ''}
        onChange={(event) => change({ source: event.target.value })}
      >
        {SOURCES.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
      <span className="flex-1" />
      <span className="flex items-center gap-2 text-xs text-ink-3 tabular-nums">
        {status === 'live' ? <span role="img" aria-label="Live" className="wl-pulse size-[7px] rounded-full bg-st-running" /> : null}
        {shownCount === lineCount
          ? `${lineCount.toLocaleString('en')} lines`
          : `${shownCount.toLocaleString('en')} of ${lineCount.toLocaleString('en')} lines`}
      </span>
      <Button
        variant={isWrapped ? 'secondary' : 'ghost'}
        aria-pressed={isWrapped}
        aria-label="Wrap long lines"
        title="Wrap long lines (w)"
        icon={<WrapText size={14} />}
        onClick={() => change({ wrap: isWrapped ? 0 : null })}
      />
      <Button variant="ghost" aria-label="Download the log" title="Download (d)" icon={<Download size={14} />} onClick={onDownload} />
    </div>
  );
}
