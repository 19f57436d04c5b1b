import { TimeAgo } from '#ui-kit/time.tsx';
import { Markdown } from '../shell/markdown.tsx';

/** A note, which may be Markdown as in Airflow, with who wrote it and when; nothing when there is none. */
export function Note({ note, noteBy, noteAt }: { note: string | null; noteBy: string | null; noteAt: string | null }) {
  if (note === null || note === '') return null;
  return (
    <div className="flex flex-wrap items-baseline gap-x-2 border-l-2 border-accent-line pl-3 break-words text-ink-2 [&>*]:min-w-0">
      <Markdown text={note} />
      {noteBy === null ? null : (
        <span className="text-xs whitespace-nowrap text-ink-3">
          {noteBy}, <TimeAgo iso={noteAt} />
        </span>
      )}
    </div>
  );
}
