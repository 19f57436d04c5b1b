/** What is deleted by itself, and when: each kind of thing that can pile up, and the setting that says how long it is kept. */
import type { Config } from '#platform/config/config.ts';
import type { CleanTable } from '#platform/db/queries/care/clean-rows.ts';
import type { CutOff } from './clean.ts';

export const DAY_MS = 86_400_000;
/** Nobody refers to them, so they go even where nothing else does. */
const CACHES_KEPT_MS = 7 * DAY_MS;
const PASS_MAX_MS = 3_600_000;
const PASS_MIN_MS = 1_000;

type RetentionSetting = Extract<keyof Config, `retention${string}Days`>;

const SETTING_OF = {
  dag_run: 'retentionRunsDays',
  backfill: 'retentionRunsDays',
  asset_dag_event: 'retentionAssetEventsDays',
  asset_event: 'retentionAssetEventsDays',
  asset_version: 'retentionAssetEventsDays',
  asset: 'retentionAssetEventsDays',
  sync_stream: 'retentionVersionsDays',
  audit_log: 'retentionAuditDays',
  received_event: 'retentionEventsDays',
  dag: 'retentionVersionsDays',
  dag_version: 'retentionVersionsDays',
  dag_bundle: 'retentionLeftoversDays',
  sdk_bundle: 'retentionLeftoversDays',
  plugin_event: 'retentionLeftoversDays',
  parse_request: 'retentionLeftoversDays',
  service: 'retentionLeftoversDays',
  session_token: 'retentionLeftoversDays',
} as const satisfies Readonly<Record<'dag_run' | CleanTable, RetentionSetting>>;

/** The settings' cut-offs, as seen at `nowMs`. */
export function cutOffs(config: Config, nowMs: number): CutOff {
  return (table) => {
    const days = config[SETTING_OF[table]];
    return days === 0 ? null : new Date(nowMs - days * DAY_MS);
  };
}

/** How long a worker keeps code at hand that nobody uses. */
export function cachesKeptMs(config: Config): number {
  return config.retentionLeftoversDays === 0 ? CACHES_KEPT_MS : config.retentionLeftoversDays * DAY_MS;
}

/** Twice within the shortest time that anything is kept, at least every hour. */
export function passEveryMs(config: Config): number {
  const days = (Object.keys(config) as (keyof Config)[])
    .filter((name): name is RetentionSetting => /^retention.*Days$/.test(name))
    .map((name) => config[name])
    .filter((value) => value > 0);
  return Math.max(PASS_MIN_MS, Math.min(PASS_MAX_MS, ...days.map((value) => (value * DAY_MS) / 2)));
}
