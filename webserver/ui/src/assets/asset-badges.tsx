import { ClockAlert, EyeOff } from 'lucide-react';
import { Badge } from '#ui-kit/badge.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import type { UiAssetCard } from '../../../ui-api/asset-types.ts';

/** What is worth a look: overdue, or not active. */
export function AssetBadges({ asset }: { asset: UiAssetCard }) {
  return (
    <>
      {asset.isOverdue && asset.freshnessMs !== null ? (
        <span title={`An event is expected every ${formatDuration(asset.freshnessMs)}`}>
          <Badge tone="warning" icon={<ClockAlert size={11} />}>
            Overdue
          </Badge>
        </span>
      ) : null}
      {asset.isActive ? null : (
        <span title="No DAG mentions it any more, or another asset has its name or URI">
          <Badge icon={<EyeOff size={11} />}>Inactive</Badge>
        </span>
      )}
    </>
  );
}
