import { formatLocal } from '#ui-kit/time-format.ts';
import { Mono } from '../shell/mono.tsx';

const DATED = /^(manual|scheduled|backfill|asset_triggered)__(\d{4}-\d\d-\d\dT.+)$/;

/** A run's id as people say it: its type and its instant in the reader's zone. Ids of another form stay as they are. */
export function RunName({ runId }: { runId: string }) {
  const [, type, iso] = DATED.exec(runId) ?? [];
  if (type === undefined || iso === undefined || Number.isNaN(Date.parse(iso)))
    return (
      <Mono title={runId} className="w-[170px] text-ink-3">
        {runId}
      </Mono>
    );
  return (
    <span title={runId} className="whitespace-nowrap text-ink-2 tabular-nums">
      <span className="text-ink-3">{type === 'asset_triggered' ? 'asset' : type}</span> {formatLocal(iso)}
    </span>
  );
}
