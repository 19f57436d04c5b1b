import { ArrowDownToLine, ArrowUpFromLine, Radar, Shuffle } from 'lucide-react';
import type { BlockKind } from '#core/block.ts';
import { Badge } from '#ui-kit/badge.tsx';

export const BLOCK_LOOKS = {
  data_loader: { words: 'Data loader', icon: ArrowDownToLine },
  transformer: { words: 'Transformer', icon: Shuffle },
  data_exporter: { words: 'Data exporter', icon: ArrowUpFromLine },
  sensor: { words: 'Sensor', icon: Radar },
} as const satisfies Record<BlockKind, unknown>;

/** What a block is for. */
export function BlockBadge({ kind }: { kind: BlockKind }) {
  const { words, icon: Icon } = BLOCK_LOOKS[kind];
  return <Badge icon={<Icon size={12} />}>{words}</Badge>;
}
