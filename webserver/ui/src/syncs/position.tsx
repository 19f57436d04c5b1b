import { Tooltip } from '#ui-kit/tooltip.tsx';
import { positionWords } from './position-words.ts';

const SHOWN_CHARS = 600;

/** Where a stream goes on; hover shows all that its source keeps. */
export function Position({ state }: { state: unknown }) {
  const words = positionWords(state);
  if (words === null) return <span className="text-ink-3">At the start</span>;
  return (
    <Tooltip
      className="inline-flex max-w-full min-w-0"
      content={<code className="font-mono text-2xs break-all">{JSON.stringify(state).slice(0, SHOWN_CHARS)}</code>}
    >
      <span className="truncate font-mono text-xs text-ink-2">{words}</span>
    </Tooltip>
  );
}
