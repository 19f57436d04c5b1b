import { ChevronRight, FileWarning } from 'lucide-react';
import { useState } from 'react';
import { cx } from '#ui-kit/class-names.ts';
import { CodeBlock } from '#ui-kit/code-block.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiImportErrors } from '../../../ui-api/types.ts';
import { useImportErrors } from '../api/queries.ts';

type ImportError = UiImportErrors['errors'][number];

/** Files that could not be loaded, red and above everything else. Nothing when all files are fine. A single one is open. */
export function ImportErrorList({ isCompact = false }: { isCompact?: boolean }) {
  const { data } = useImportErrors();
  if (data === undefined || data.errors.length === 0) return null;
  const { errors } = data;
  return (
    <section aria-label="Import errors" className="overflow-hidden rounded-xl border border-danger-line bg-surface shadow-1">
      <header className="flex items-center gap-2.5 border-b border-danger-line bg-danger-soft px-4 py-2.5">
        <FileWarning size={16} className="text-danger" />
        <h2 className="text-sm font-semibold">
          {errors.length === 1 ? '1 DAG file could not be loaded' : `${errors.length} DAG files could not be loaded`}
        </h2>
        <span className="hidden text-xs text-ink-2 sm:inline">The last good version of each stays in use.</span>
      </header>
      <ul>
        {errors.map((error) => (
          <ImportErrorRow key={error.filePath} error={error} isOpenAtFirst={!isCompact && errors.length === 1} />
        ))}
      </ul>
    </section>
  );
}

function ImportErrorRow({ error, isOpenAtFirst }: { error: ImportError; isOpenAtFirst: boolean }) {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  const place = [error.filePath, error.line, error.column].filter((part) => part !== null).join(':');
  return (
    <li className="border-b border-line last:border-b-0">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="flex w-full items-start gap-2.5 px-4 py-2.5 text-left hover:bg-hover"
      >
        <ChevronRight size={14} className={cx('mt-[3px] shrink-0 text-ink-3 transition-transform', isOpen && 'rotate-90')} />
        <span className="min-w-0 flex-1">
          <span className="block font-mono text-xs font-medium break-all">{place}</span>
          <span className="block break-words text-danger">{error.message}</span>
        </span>
        <span className="shrink-0 text-xs text-ink-3">
          <TimeAgo iso={error.seenAt} />
        </span>
      </button>
      {isOpen ? <ImportErrorDetail error={error} /> : null}
    </li>
  );
}

function ImportErrorDetail({ error }: { error: ImportError }) {
  return (
    <div className="flex flex-col gap-2 px-4 pb-3 pl-[42px]">
      {error.sourceExcerpt.length === 0 ? null : <SourceExcerpt error={error} />}
      {error.stack === '' || error.stack === error.message ? null : (
        <details>
          <summary className="w-fit text-xs text-ink-2 hover:text-ink">Stack trace</summary>
          <div className="mt-1.5">
            <CodeBlock text={error.stack} label="Copy stack trace" maxHeightPx={220} />
          </div>
        </details>
      )}
    </div>
  );
}

function SourceExcerpt({ error }: { error: ImportError }) {
  return (
    <div className="overflow-x-auto rounded-lg border border-line bg-sunken py-1.5 font-mono text-xs leading-[19px]">
      {error.sourceExcerpt.map(({ line, text }) => {
        const isFault = line === error.line;
        return (
          <div key={line} className={cx('flex w-max min-w-full', isFault && 'bg-danger-soft')}>
            <span
              className={cx(
                'w-12 shrink-0 border-r pr-3 text-right select-none',
                isFault ? 'border-danger font-medium text-danger' : 'border-line text-ink-3',
              )}
            >
              {line}
            </span>
            <span className="pr-4 pl-3 whitespace-pre">{text === '' ? ' ' : text}</span>
          </div>
        );
      })}
    </div>
  );
}
