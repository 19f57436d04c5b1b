import { ArrowRightLeft } from 'lucide-react';
import { Link } from 'react-router';
import { wordsOfRemoved } from '#core/sync/reset-words.ts';
import { Card } from '#ui-kit/card.tsx';
import { counted } from '#ui-kit/counted.ts';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import type { UiSyncOfInstance } from '../../../ui-api/data-types.ts';
import { pages } from '../api/paths.ts';
import { Facts } from '../shell/facts.tsx';
import { Position } from '../syncs/position.tsx';
import { useTaskPage } from './task-layout.tsx';

/** What the chosen try synced: where it went on, what it brought, and where the next one goes on. */
export function SyncTab() {
  const { instance, tryNumber } = useTaskPage();
  const syncs = instance.syncs.filter((sync) => sync.tryNumber === tryNumber);
  if (syncs.length === 0)
    return (
      <EmptyState icon={<ArrowRightLeft size={20} />} title={`Try ${tryNumber} has synced nothing`}>
        It ended before a sync began, or it has not come so far. Other tries are at the top of the page.
      </EmptyState>
    );
  return (
    <div className="flex flex-col gap-4 px-4 py-4 md:px-6">
      {syncs.map((sync) => (
        <SyncCard key={`${sync.syncId}/${sync.tryNumber}`} sync={sync} />
      ))}
    </div>
  );
}

function SyncCard({ sync }: { sync: UiSyncOfInstance }) {
  return (
    <Card
      title={sync.stream}
      actions={
        <Link to={pages.syncs(`?search=${encodeURIComponent(sync.stream)}`)} className="text-xs text-ink-2 hover:text-ink hover:underline">
          In the list of syncs
        </Link>
      }
      bodyClassName="p-4"
    >
      <Facts
        rows={[
          ['From', sync.source],
          ['To', sync.destination],
          ...(sync.reset === null ? [] : [['Reset', resetWords(sync.reset)] as const]),
          ['Began', sync.hasBegun ? <Position key="before" state={sync.before} /> : 'It did not come so far'],
          ['Brought', `${counted(sync.rows, 'row')} in ${counted(sync.pages, 'page')}`],
          ...(sync.removed === null ? [] : [['Removed', `${counted(sync.removed, 'row')} that the source has no more`] as const]),
          ...(sync.hasBegun ? [['Came to', <Position key="after" state={sync.after} />] as const] : []),
        ]}
      />
    </Card>
  );
}

function resetWords({ rows, by, removed, removes }: NonNullable<UiSyncOfInstance['reset']>): string {
  const what = rows === 'keep' ? 'the rows stayed' : `${wordsOfRemoved(removed ?? 0, removes)} removed`;
  return `It began from the start, as ${by} asked for: ${what}`;
}
