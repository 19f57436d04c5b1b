import { ArrowDown } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'react-router';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Spinner } from '#ui-kit/spinner.tsx';
import type { UiLogLine } from '../../../ui-api/types.ts';
import { useShortcuts } from '../shell/shortcuts.ts';
import { useUrlState } from '../shell/url-state.ts';
import { LineLayout } from './line-layout.ts';
import { LOG_ROW_PX, LogRow } from './log-row.tsx';
import { plainLine, searchText } from './log-text.ts';
import { LogToolbar } from './log-toolbar.tsx';
import { useColumns } from './use-columns.ts';
import { useFollow } from './use-follow.ts';
import { type LogAddress, useLog } from './use-log.ts';

const LEVELS: Readonly<Record<UiLogLine['level'], number>> = { debug: 0, info: 1, warning: 2, error: 3 };

/** The most used screen: any length of log, live, searchable, and every jump exact. */
export function LogViewer({ address, fileName, opensAtError }: { address: LogAddress; fileName: string; opensAtError: boolean }) {
  const log = useLog(address);
  const [params, change] = useUrlState();
  const box = useRef<HTMLDivElement>(null);
  const isWrapped = params.get('wrap') !== '0';
  const level = params.get('level') ?? '';
  const source = params.get('source') ?? '';
  const query = (params.get('q') ?? '').toLowerCase();
  const columns = useColumns(box);
  const shown = useShownLines(log.lines, log.revision, level, source);
  const layout = useLayout(log.lines, shown, isWrapped ? columns : null);
  const follow = useFollow(box, shown.length, layout.totalRows * LOG_ROW_PX, log.status);
  const matches = useMatches(log.lines, shown, query);
  const [matchAt, setMatchAt] = useState(0);

  const jumpTo = (position: number) => box.current?.scrollTo({ top: Math.max(0, (layout.rowOf(position) - 4) * LOG_ROW_PX) });
  const step = (by: number) => {
    if (matches.length === 0) return;
    const next = (matchAt + by + matches.length) % matches.length;
    setMatchAt(next);
    jumpTo(matches[next] ?? 0);
  };
  const selected = useSelectedLine();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new search goes to its first match, a growing log does not move the reader
  useEffect(() => {
    setMatchAt(0);
    if (matches[0] !== undefined) jumpTo(matches[0]);
  }, [query]);
  useOpeningPlace(log.status, layout.count, () => {
    const wanted = selected ?? (opensAtError ? log.lines.findIndex((line) => line.level === 'error') : -1);
    const position = wanted < 0 ? -1 : shown.indexOf(wanted);
    if (position >= 0) jumpTo(position);
  });
  const download = () => save(fileName, log.lines);
  useShortcuts({
    w: () => change({ wrap: isWrapped ? 0 : null }),
    d: download,
    end: follow.toEnd,
    n: () => step(1),
    'shift+n': () => step(-1),
  });

  const from = layout.lineAt(Math.floor(follow.view.top / LOG_ROW_PX) - 12);
  const to = Math.min(layout.count, layout.lineAt(Math.ceil((follow.view.top + follow.view.height) / LOG_ROW_PX) + 12) + 1);
  return (
    <div className="flex h-full min-h-[320px] flex-col">
      <LogToolbar
        lineCount={log.lines.length}
        shownCount={shown.length}
        status={log.status}
        matchCount={query === '' ? null : matches.length}
        matchAt={matchAt}
        onStep={step}
        onDownload={download}
      />
      {log.error === null ? null : (
        <div className="px-4 pb-3 md:px-6">
          <ErrorPanel error={log.error} />
        </div>
      )}
      <div className="relative min-h-0 flex-1 border-t border-line bg-surface">
        <div
          ref={box}
          role="log"
          aria-label="Task log"
          aria-live="off"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
          tabIndex={0}
          className="h-full overflow-auto font-mono text-xs focus-visible:-outline-offset-2"
          style={{ lineHeight: `${LOG_ROW_PX}px` }}
        >
          <div
            className="relative min-w-full"
            style={{ height: layout.totalRows * LOG_ROW_PX + 12, width: isWrapped ? undefined : 'max-content' }}
          >
            <div className="min-w-full" style={{ transform: `translateY(${layout.rowOf(from) * LOG_ROW_PX + 6}px)` }}>
              {shown.slice(from, to).map((index, offset) => {
                const line = log.lines[index];
                if (line === undefined) return null;
                return (
                  <LogRow
                    key={index}
                    line={line}
                    number={index + 1}
                    isWrapped={isWrapped}
                    isSelected={selected === index}
                    isMatch={query !== '' && matches[matchAt] === from + offset}
                    query={query}
                  />
                );
              })}
            </div>
          </div>
          <LogPlaceholder status={log.status} lineCount={log.lines.length} shownCount={shown.length} />
        </div>
        {follow.newLines > 0 ? (
          <button
            type="button"
            onClick={follow.toEnd}
            className="wl-rise absolute bottom-4 left-1/2 inline-flex h-8 -translate-x-1/2 items-center gap-2 rounded-full bg-ink px-3.5 text-xs font-medium text-ink-inverse shadow-2"
          >
            <ArrowDown size={13} />
            {follow.newLines.toLocaleString('en')} new {follow.newLines === 1 ? 'line' : 'lines'}
          </button>
        ) : null}
      </div>
    </div>
  );
}

function LogPlaceholder({ status, lineCount, shownCount }: { status: string; lineCount: number; shownCount: number }) {
  if (lineCount > 0 && shownCount > 0) return null;
  const text =
    lineCount > 0
      ? 'No line has this level and source.'
      : status === 'ended'
        ? 'This attempt wrote nothing.'
        : status === 'live'
          ? 'Waiting for the first line.'
          : null;
  return (
    <div className="absolute inset-x-0 top-10 text-center font-sans text-sm text-ink-3">
      {text ?? (status === 'loading' ? <Spinner size={18} label="Loading the log" /> : null)}
    </div>
  );
}

/** Positions in the log of the lines that pass the filters. */
function useShownLines(lines: readonly UiLogLine[], revision: number, level: string, source: string): readonly number[] {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the array grows in place, its revision tells
  return useMemo(() => {
    const least = LEVELS[level as UiLogLine['level']] ?? 0;
    const positions: number[] = [];
    for (const [index, line] of lines.entries())
      if (LEVELS[line.level] >= least && (source === '' || line.source === source)) positions.push(index);
    return positions;
  }, [lines, revision, level, source]);
}

/** The layout of the shown lines; lines that only came to the end are appended to the last layout. */
function useLayout(lines: readonly UiLogLine[], shown: readonly number[], columns: number | null): LineLayout {
  const last = useRef<{ layout: LineLayout; lines: readonly UiLogLine[]; shown: readonly number[] } | null>(null);
  return useMemo(() => {
    const before = last.current;
    const isGrown =
      before !== null &&
      before.lines === lines &&
      before.layout.columns === columns &&
      before.shown.every((position, at) => shown[at] === position);
    const layout = isGrown ? before.layout : new LineLayout(columns);
    for (let at = layout.count; at < shown.length; at++) {
      const line = lines[shown[at] ?? 0];
      if (line !== undefined) layout.append(line);
    }
    last.current = { layout, lines, shown };
    return layout;
  }, [lines, shown, columns]);
}

function useMatches(lines: readonly UiLogLine[], shown: readonly number[], query: string): readonly number[] {
  return useMemo(() => {
    if (query === '') return [];
    const positions: number[] = [];
    for (const [position, index] of shown.entries()) if (searchText(lines[index] as UiLogLine).includes(query)) positions.push(position);
    return positions;
  }, [lines, shown, query]);
}

/** The line the address points at (`#L120`), counted from 0; null without one. */
function useSelectedLine(): number | null {
  const match = /^#L(\d{1,9})$/.exec(useLocation().hash);
  return match === null ? null : Number(match[1]) - 1;
}

/** Runs `place` once, as soon as the log has been read to its present end. */
function useOpeningPlace(status: string, lineCount: number, place: () => void): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (isDone.current || status === 'loading' || lineCount === 0) return;
    isDone.current = true;
    place();
  });
}

function save(fileName: string, lines: readonly UiLogLine[]): void {
  const url = URL.createObjectURL(new Blob([`${lines.map(plainLine).join('\n')}\n`], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
