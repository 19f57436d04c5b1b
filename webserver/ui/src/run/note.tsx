import { TimeAgo } from '#ui-kit/time.tsx';

/** A note with who wrote it and when; nothing when there is none. */
export function Note({ note, noteBy, noteAt }: { note: string | null; noteBy: string | null; noteAt: string | null }) {
  if (note === null || note === '') return null;
  return (
    <p className="border-l-2 border-accent-line pl-3 break-words text-ink-2">
      {note}
      {noteBy === null ? null : (
        <span className="ml-2 text-xs whitespace-nowrap text-ink-3">
          {noteBy}, <TimeAgo iso={noteAt} />
        </span>
      )}
    </p>
  );
}
