import { useEffect, useMemo, useRef } from 'react';
import { Link, useLocation } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Select } from '#ui-kit/fields.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { formatLocal } from '#ui-kit/time-format.ts';
import { useSource } from '../api/queries.ts';
import { useDagOfPage } from '../dag/dag-layout.tsx';
import { readNumber, useUrlState } from '../shell/url-state.ts';
import { highlight, type Token, type TokenKind } from './highlight.ts';
import { VersionDiff } from './version-diff.tsx';

const COLORS: Readonly<Record<TokenKind, string>> = {
  plain: '',
  keyword: 'wl-code-keyword',
  string: 'wl-code-string',
  number: 'wl-code-number',
  comment: 'wl-code-comment',
  function: 'wl-code-function',
  type: 'wl-code-type',
};

/** The source of a version. `#L12` marks a line. */
export function CodeTab() {
  const dag = useDagOfPage();
  const [params, change] = useUrlState();
  const wanted = readNumber(params, 'version', 0);
  const source = useSource(dag.dagId, wanted === 0 ? null : wanted);
  const shown = wanted === 0 ? dag.versionNumber : wanted;
  const against = readNumber(params, 'against', 0);
  const newestFirst = [...dag.versions].sort((a, b) => b.versionNumber - a.versionNumber);
  return (
    <div className="flex h-full flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-3 px-4 py-2.5 md:px-6">
        <span className="min-w-0 truncate font-mono text-xs text-ink-2">{source.data?.filePath ?? dag.filePath}</span>
        <span className="flex-1" />
        <Select
          aria-label="Version"
          value={shown}
          onChange={(event) => change({ version: Number(event.target.value) === dag.versionNumber ? null : event.target.value })}
        >
          {newestFirst.map(({ versionNumber, createdAt }) => (
            <option key={versionNumber} value={versionNumber}>
              Version {versionNumber}, {formatLocal(createdAt)}
            </option>
          ))}
        </Select>
        {dag.versions.length < 2 ? null : (
          <Select aria-label="Compare with" value={against} onChange={(event) => change({ against: Number(event.target.value) || null })}>
            <option value={0}>Compare with…</option>
            {newestFirst
              .filter(({ versionNumber }) => versionNumber !== shown)
              .map(({ versionNumber }) => (
                <option key={versionNumber} value={versionNumber}>
                  Compare with version {versionNumber}
                </option>
              ))}
          </Select>
        )}
        {source.data === undefined ? null : (
          <CopyButton text={source.data.source} label="Copy source">
            Copy
          </CopyButton>
        )}
      </div>
      <div className="min-h-0 flex-1 overflow-auto border-t border-line bg-surface">
        {source.error === null ? null : (
          <div className="p-4">
            <ErrorPanel error={source.error} onRetry={() => void source.refetch()} />
          </div>
        )}
        {against !== 0 && against !== shown ? (
          <VersionDiff dagId={dag.dagId} before={Math.min(against, shown)} after={Math.max(against, shown)} />
        ) : (
          <>
            {source.isPending ? <SkeletonRows rows={14} label="Loading the source" /> : null}
            {source.data === undefined ? null : <SourceLines source={source.data.source} />}
          </>
        )}
      </div>
    </div>
  );
}

function SourceLines({ source }: { source: string }) {
  const lines = useMemo(() => highlight(source.replace(/\n$/, '')), [source]);
  const marked = Number(/^#L(\d+)$/.exec(useLocation().hash)?.[1] ?? 0);
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    box.current?.querySelector('[data-marked="true"]')?.scrollIntoView({ block: 'center' });
  }, []);
  return (
    <code ref={box} className="block w-max min-w-full py-3 font-mono text-xs leading-[20px]">
      {lines.map((tokens, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
        <SourceLine key={index} number={index + 1} tokens={tokens} isMarked={marked === index + 1} />
      ))}
    </code>
  );
}

function SourceLine({ number, tokens, isMarked }: { number: number; tokens: readonly Token[]; isMarked: boolean }) {
  return (
    <span data-marked={isMarked} className={cx('flex min-h-[20px]', isMarked && 'bg-accent-soft')}>
      <Link
        to={{ hash: `#L${number}`, search: window.location.search }}
        replace
        preventScrollReset
        aria-label={`Line ${number}`}
        className="sticky left-0 w-16 shrink-0 bg-inherit pr-4 text-right text-2xs leading-[20px] text-ink-3/70 select-none hover:text-ink"
      >
        {number}
      </Link>
      <span className="pr-6 whitespace-pre">
        {tokens.map((token, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: tokens of a line have no other identity
          <span key={index} className={COLORS[token.kind]}>
            {token.text}
          </span>
        ))}
      </span>
    </span>
  );
}
