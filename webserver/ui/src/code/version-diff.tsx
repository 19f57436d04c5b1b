import { Fragment, useMemo } from 'react';
import { Badge, type BadgeTone } from '#ui-kit/badge.tsx';
import { cx } from '#ui-kit/class-names.ts';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { useSource, useVersionDiff } from '../api/queries.ts';
import type { RestSpecChange } from '../api/rest-types.ts';
import { type DiffLine, diffLines } from './diff-lines.ts';

/** Unchanged lines shown around a change. */
const CONTEXT = 4;

const TONES: Readonly<Record<RestSpecChange['kind'], BadgeTone>> = { added: 'good', removed: 'danger', changed: 'neutral' };

/** What changed from one version to another: the DAG in words, then the source line by line. */
export function VersionDiff({ dagId, before, after }: { dagId: string; before: number; after: number }) {
  const diff = useVersionDiff(dagId, before, after);
  const old = useSource(dagId, before);
  const young = useSource(dagId, after);
  const error = diff.error ?? old.error ?? young.error;
  if (error !== null)
    return (
      <div className="p-4">
        <ErrorPanel error={error} />
      </div>
    );
  if (diff.data === undefined || old.data?.versionNumber !== before || young.data?.versionNumber !== after)
    return <SkeletonRows rows={10} label="Comparing versions" />;
  const { changes, has_new_code: hasNewCode } = diff.data;
  return (
    <>
      <section aria-label="Changes of the DAG" className="border-b border-line px-4 py-3 md:px-6">
        {changes.length === 0 ? (
          <p className="text-sm text-ink-2">
            The DAG is the same: {hasNewCode ? 'only the code of its tasks changed.' : 'only comments or formatting changed.'}
          </p>
        ) : (
          <ul className="flex flex-col gap-1.5">
            {changes.map((change) => (
              <li key={change.text} className="flex min-w-0 items-baseline gap-2.5 text-xs">
                <Badge tone={TONES[change.kind]}>{change.kind}</Badge>
                <span className="min-w-0 font-mono break-words">{change.text.replace(/ (added|removed)$/, '').replace(' -> ', ' → ')}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <SourceDiff before={old.data.source} after={young.data.source} />
    </>
  );
}

function SourceDiff({ before, after }: { before: string; after: string }) {
  const hunks = useMemo(() => hunksOf(diffLines(before, after)), [before, after]);
  if (hunks.length === 0) return <p className="px-4 py-3 text-sm text-ink-3 md:px-6">The source is the same, to the letter.</p>;
  return (
    <code className="block w-max min-w-full py-2 font-mono text-xs leading-[20px]">
      {hunks.map((hunk, index) => (
        <Fragment key={`${hunk[0]?.before ?? ''}/${hunk[0]?.after ?? ''}`}>
          {index === 0 ? null : <span className="my-1 block border-y border-line bg-sunken px-4 text-2xs text-ink-3 select-none">⋯</span>}
          {hunk.map((line) => (
            <Line key={`${line.before ?? ''}/${line.after ?? ''}`} line={line} />
          ))}
        </Fragment>
      ))}
    </code>
  );
}

const MARKS = { same: ' ', removed: '−', added: '+' } as const;
const NUMBER = 'w-12 shrink-0 pr-3 text-right text-2xs leading-[20px] text-ink-3/70 select-none';

function Line({ line }: { line: DiffLine }) {
  return (
    <span className={cx('flex min-h-[20px]', line.kind === 'removed' && 'bg-danger-soft', line.kind === 'added' && 'bg-good-soft')}>
      <span className={NUMBER}>{line.before}</span>
      <span className={NUMBER}>{line.after}</span>
      <span className={cx('w-5 shrink-0 select-none', line.kind === 'removed' && 'text-danger', line.kind === 'added' && 'text-good')}>
        {MARKS[line.kind]}
      </span>
      <span className="pr-6 whitespace-pre">{line.text}</span>
    </span>
  );
}

/** Changed lines with what is around them; far apart they are apart here. */
function hunksOf(lines: readonly DiffLine[]): readonly (readonly DiffLine[])[] {
  const near = new Set<number>();
  for (const [index, line] of lines.entries())
    if (line.kind !== 'same') for (let at = index - CONTEXT; at <= index + CONTEXT; at++) near.add(at);
  const hunks: DiffLine[][] = [];
  for (const [index, line] of lines.entries()) {
    if (!near.has(index)) continue;
    if (near.has(index - 1) && hunks.length > 0) hunks.at(-1)?.push(line);
    else hunks.push([line]);
  }
  return hunks;
}
