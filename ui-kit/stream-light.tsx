import { cx } from './class-names.ts';
import { Tooltip } from './tooltip.tsx';

export type StreamStatus = 'connecting' | 'live' | 'polling';

const WORDS: Readonly<Record<StreamStatus, { label: string; detail: string; dot: string }>> = {
  connecting: { label: 'Connecting', detail: 'Opening the push stream.', dot: 'bg-line-strong wl-pulse' },
  live: { label: 'Live', detail: 'Changes arrive by push, within milliseconds.', dot: 'bg-good' },
  polling: {
    label: 'Polling',
    detail: 'The push stream is down: this page asks every 5 seconds until it is back.',
    dot: 'bg-warning wl-pulse',
  },
};

/** Says whether the page is pushed to or has to ask. */
export function StreamLight({ status }: { status: StreamStatus }) {
  const { label, detail, dot } = WORDS[status];
  return (
    <Tooltip content={detail}>
      <span role="status" aria-label={`Updates: ${label}`} className="inline-flex h-7 items-center gap-1.5 px-1.5 text-xs text-ink-3">
        <span className={cx('size-[7px] rounded-full', dot)} />
        <span className="hidden sm:inline">{label}</span>
      </span>
    </Tooltip>
  );
}
