import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

export interface Follow {
  readonly view: { readonly top: number; readonly height: number };
  /** Lines that came while the reader was looking further up. */
  readonly newLines: number;
  readonly toEnd: () => void;
}

const NEAR_END_PX = 32;

/** Keeps the end in sight while the log grows, until the reader scrolls up; then counts what comes. */
export function useFollow(box: RefObject<HTMLElement | null>, lineCount: number, heightPx: number, status: string): Follow {
  const [view, setView] = useState({ top: 0, height: 600 });
  const [seenLines, setSeenLines] = useState(0);
  // A running log opens at its end; an ended one where it begins (or at its error, see the viewer).
  const isFollowing = useRef(true);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const read = () => {
      isFollowing.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
      setView({ top: element.scrollTop, height: element.clientHeight });
    };
    const resize = () => setView({ top: element.scrollTop, height: element.clientHeight });
    resize();
    element.addEventListener('scroll', read, { passive: true });
    const observer = new ResizeObserver(resize);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', read);
      observer.disconnect();
    };
  }, [box]);

  const isLive = status === 'live';
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs whenever the log grew
  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && isLive && isFollowing.current) element.scrollTop = element.scrollHeight;
  }, [heightPx, isLive]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is in sight at the end counts as seen
  useEffect(() => {
    if (!isLive || isFollowing.current) setSeenLines(lineCount);
  }, [lineCount, isLive, view]);

  const toEnd = useCallback(() => {
    isFollowing.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [box]);
  return { view, newLines: isLive ? Math.max(0, lineCount - seenLines) : 0, toEnd };
}
