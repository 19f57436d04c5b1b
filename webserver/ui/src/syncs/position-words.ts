/** Where a stream goes on, in few words: by what the sources of Windlass keep, and as JSON for any other. */
import { counted } from '#ui-kit/counted.ts';

const SHOWN_CHARS = 120;

/** "after 2026-01-02 · 12", "3 files"; null = at the start. */
export function positionWords(state: unknown): string | null {
  if (state === null || state === undefined) return null;
  if (typeof state !== 'object') return shorten(String(state));
  const { after, greatest, next, done, cut } = state as Readonly<Record<string, unknown>>;
  if (Array.isArray(after)) return `after ${after.map(String).join(' · ')}`;
  if (typeof done === 'object' && done !== null) return counted(Object.keys(done).length, 'file');
  if (greatest !== undefined) return `${next === undefined ? 'after' : 'before the next page,'} ${String(greatest)}`;
  if (typeof next === 'string') return `before ${shorten(next)}`;
  return typeof cut === 'string' ? shorten(cut) : shorten(JSON.stringify(state));
}

function shorten(text: string): string {
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
