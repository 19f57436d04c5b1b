/** What a DAG that waits for assets still lacks, for the pages. */
import type { AssetScheduleSpec } from '#core/assets/asset-spec.ts';
import { isUseOf, nameOf, readinessOf, usesOf, wordsOf } from '#core/assets/condition.ts';
import type { WaitingOfDag } from '#platform/db/queries/assets/waiting-of-dags.ts';
import { iso } from '../http/iso.ts';
import type { UiAssetWait } from './types.ts';

export function uiAssetWait(schedule: AssetScheduleSpec | undefined, waiting: readonly WaitingOfDag[]): UiAssetWait | null {
  if (schedule === undefined) return null;
  const { ready, total } = readinessOf(schedule.condition, waiting);
  return {
    words: wordsOf(schedule.condition),
    ready,
    total,
    waitingEvents: waiting.reduce((sum, asset) => sum + asset.events, 0),
    isEach: schedule.each === true,
    isPartitioned: schedule.partition !== undefined,
    needs: usesOf(schedule.condition).map((use) => {
      const found = waiting.filter((asset) => isUseOf(use, asset));
      const newest = found.map((asset) => asset.newestAt).sort((a, b) => b.getTime() - a.getTime())[0];
      return {
        name: 'alias' in use ? use.alias : nameOf(use.asset),
        isAlias: 'alias' in use,
        assetId: found[0]?.assetId ?? null,
        events: found.reduce((sum, asset) => sum + asset.events, 0),
        newestAt: newest === undefined ? null : iso(newest),
      };
    }),
  };
}
