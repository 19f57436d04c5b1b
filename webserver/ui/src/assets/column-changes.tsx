import { cx } from '#ui-kit/class-names.ts';
import type { RestAssetVersion, RestColumnChange } from '../api/rest-types.ts';

const SHOWN = 3;
const SIGNS = { added: '+', removed: '−', type: '~', nullable: '~' } as const;

/** What changed in the columns with a version; those that break readers stand out. */
export function ColumnChanges({ version }: { version: RestAssetVersion }) {
  const { columns, column_changes: changes } = version;
  if (columns === null) return <span className="text-ink-3">not known</span>;
  if (version.compared_with === null) return <span className="text-ink-3">{columns.length} columns</span>;
  if (changes.length === 0) return <span className="text-ink-3">same</span>;
  const more = changes.length - SHOWN;
  return (
    <span className="flex min-w-0 flex-col gap-0.5" title={changes.map(wordsOf).join('\n')}>
      {changes.slice(0, SHOWN).map((change) => (
        <span
          key={`${change.kind}/${change.column}`}
          className={cx('truncate font-mono text-xs', change.is_compatible ? 'text-good' : 'text-danger')}
        >
          {wordsOf(change)}
        </span>
      ))}
      {more > 0 ? <span className="text-xs text-ink-3">and {more} more</span> : null}
    </span>
  );
}

function wordsOf({ column, kind, from, to }: RestColumnChange): string {
  const sign = SIGNS[kind];
  if (kind === 'added') return `${sign} ${column} ${to}`;
  return kind === 'removed' ? `${sign} ${column} ${from}` : `${sign} ${column} ${from} → ${to}`;
}
