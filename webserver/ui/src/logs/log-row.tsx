import type { ReactNode } from 'react';
import { memo } from 'react';
import { Link } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import { formatClock, formatUtc } from '#ui-kit/time-format.ts';
import type { UiLogLine } from '../../../ui-api/types.ts';
import { ansiPieces } from './ansi.ts';
import { fieldsText, messageText } from './log-text.ts';

export const LOG_ROW_PX = 19;

const LEVEL_LOOKS: Readonly<Record<UiLogLine['level'], { word: string; row: string; label: string }>> = {
  debug: { word: 'DEBUG', row: 'text-ink-3', label: 'text-ink-3' },
  info: { word: 'INFO', row: '', label: 'text-ink-3' },
  warning: { word: 'WARN', row: 'bg-warning-soft', label: 'font-semibold text-warning' },
  error: { word: 'ERROR', row: 'bg-danger-soft', label: 'font-semibold text-danger' },
};

interface LogRowProps {
  readonly line: UiLogLine;
  readonly number: number;
  readonly isWrapped: boolean;
  readonly isSelected: boolean;
  readonly isMatch: boolean;
  readonly query: string;
}

/** One line: number (a link to itself), time, level, text. Breaks anywhere, so that its height can be computed. */
export const LogRow = memo(function LogRow({ line, number, isWrapped, isSelected, isMatch, query }: LogRowProps) {
  const { word, row, label } = LEVEL_LOOKS[line.level];
  const fields = fieldsText(line);
  return (
    <div className={cx('flex pr-4', row, isSelected && 'bg-accent-soft', isMatch && 'outline-1 -outline-offset-1 outline-accent')}>
      <span className="wl-log-gutter flex shrink-0 select-none">
        <Link
          to={{ hash: `#L${number}`, search: window.location.search }}
          replace
          preventScrollReset
          aria-label={`Line ${number}`}
          className="w-[52px] pr-3 text-right text-2xs text-ink-3/70 hover:text-ink max-sm:hidden"
          style={{ lineHeight: `${LOG_ROW_PX}px` }}
        >
          {number}
        </Link>
        <span className="w-[98px] text-ink-3 max-md:hidden" title={line.timestamp === null ? undefined : formatUtc(line.timestamp)}>
          {line.timestamp === null ? '' : formatClock(line.timestamp)}
        </span>
        <span className={cx('w-[50px] max-sm:w-[58px] max-sm:pl-3', label)}>{word}</span>
      </span>
      <span
        className={cx(
          'min-w-0 flex-1 wrap-anywhere',
          isWrapped ? 'break-all whitespace-pre-wrap' : 'whitespace-pre',
          line.source === 'system' && line.level === 'info' && 'text-ink-3',
        )}
      >
        {ansiPieces(messageText(line)).map((piece, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text have no identity of their own
          <span key={index} className={piece.className} style={piece.color === null ? undefined : { color: piece.color }}>
            {marked(piece.text, query)}
          </span>
        ))}
        {fields === '' ? null : <span className="text-ink-3">{marked(fields, query)}</span>}
      </span>
    </div>
  );
});

/** The text with every place that matches the search lit up. */
function marked(text: string, query: string): ReactNode {
  if (query === '') return text;
  const lower = text.toLowerCase();
  const parts: ReactNode[] = [];
  let from = 0;
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + query.length)}</mark>);
    from = at + query.length;
  }
  return from === 0 ? text : [...parts, text.slice(from)];
}
