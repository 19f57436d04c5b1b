/** Small facts about runs that many pages show the same way. */
import { CalendarClock, CalendarPlus, Database, Hammer, History, type LucideIcon, MousePointerClick } from 'lucide-react';
import { formatLocalShort } from '#ui-kit/time-format.ts';

interface RunTypeLook {
  readonly word: string;
  readonly icon: LucideIcon;
}

const RUN_TYPES: Readonly<Record<string, RunTypeLook>> = {
  scheduled: { word: 'Scheduled', icon: CalendarClock },
  manual: { word: 'Manual', icon: MousePointerClick },
  backfill: { word: 'Backfill', icon: History },
  asset_triggered: { word: 'By asset', icon: Database },
  asset_materialization: { word: 'Materialize', icon: Hammer },
};

/** How a run came to be, as icon and word. */
export function runTypeLook(runType: string): RunTypeLook {
  return RUN_TYPES[runType] ?? { word: runType.replaceAll('_', ' '), icon: CalendarPlus };
}

/** The icon of a run's type with its word as the accessible name. */
export function RunTypeIcon({ runType, size = 13 }: { runType: string; size?: number }) {
  const { icon: Icon, word } = runTypeLook(runType);
  return <Icon size={size} role="img" aria-label={word} className="shrink-0 text-ink-3" />;
}

/** "Scheduled", "Manual by anna": who or what caused a run. */
export function causeOf(run: { readonly runType: string; readonly triggeringUser: string | null }): string {
  const { word } = runTypeLook(run.runType);
  return run.triggeringUser === null ? word : `${word} by ${run.triggeringUser}`;
}

interface RunDates {
  readonly logicalDate: string | null;
  readonly dataIntervalStart?: string | null;
  readonly dataIntervalEnd?: string | null;
  readonly runAfter: string;
  readonly partitionKey?: string | null;
}

/** What a run is *for*: its partition, its data interval when it spans time, else its one instant. */
export function runIsFor(run: RunDates): string {
  if (run.partitionKey) return run.partitionKey;
  const { dataIntervalStart: start, dataIntervalEnd: end } = run;
  if (start !== null && start !== undefined && end !== null && end !== undefined && start !== end)
    return `${formatLocalShort(start)} → ${formatLocalShort(end)}`;
  return formatLocalShort(run.logicalDate ?? run.runAfter);
}
