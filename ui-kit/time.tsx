import { formatDuration, formatLocal, formatRelative, formatUtc } from './time-format.ts';
import { Tooltip } from './tooltip.tsx';
import { useNow } from './use-now.ts';

/** An instant's three readings: relative, local with the zone's name, UTC. */
function InstantReadings({ iso }: { iso: string }) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const rows = [
    [zone, formatLocal(iso)],
    ['UTC', formatUtc(iso).replace(' UTC', '')],
    ['Relative', formatRelative(Date.parse(iso), Date.now())],
  ] as const;
  return (
    <span className="grid grid-cols-[auto_auto] gap-x-3 gap-y-0.5 tabular-nums">
      {rows.map(([name, value]) => (
        <span key={name} className="contents">
          <span className="text-ink-3">{name}</span>
          <span className="text-right">{value}</span>
        </span>
      ))}
    </span>
  );
}

/** "3 min ago", kept fresh; hover shows local time and UTC. Shows a dash for null. */
export function TimeAgo({ iso }: { iso: string | null | undefined }) {
  const now = useNow();
  if (iso === null || iso === undefined) return <span className="text-ink-3">–</span>;
  return (
    <Tooltip content={<InstantReadings iso={iso} />}>
      <time dateTime={iso} className="whitespace-nowrap tabular-nums">
        {formatRelative(Date.parse(iso), now)}
      </time>
    </Tooltip>
  );
}

/** A local date and time; hover shows UTC. Shows a dash for null. */
export function Instant({ iso }: { iso: string | null | undefined }) {
  if (iso === null || iso === undefined) return <span className="text-ink-3">–</span>;
  return (
    <Tooltip content={<InstantReadings iso={iso} />}>
      <time dateTime={iso} className="whitespace-nowrap tabular-nums">
        {formatLocal(iso)}
      </time>
    </Tooltip>
  );
}

/** How long something took, or has been taking while `to` is null. Shows a dash when it has not begun. */
export function Duration({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  if (from === null || from === undefined) return <span className="text-ink-3">–</span>;
  if (to === null || to === undefined) return <LiveDuration from={from} />;
  return <span className="whitespace-nowrap tabular-nums">{formatDuration(Date.parse(to) - Date.parse(from))}</span>;
}

function LiveDuration({ from }: { from: string }) {
  const now = useNow();
  const spanMs = Math.max(0, now - Date.parse(from));
  // Whole seconds while it moves: tenths that jump every second would only flicker.
  return (
    <span className="whitespace-nowrap tabular-nums">
      {formatDuration(spanMs < 10_000 ? Math.floor(spanMs / 1_000) * 1_000 : spanMs)
        .replace('0 ms', '0 s')
        .replace('.0 s', ' s')}
    </span>
  );
}
