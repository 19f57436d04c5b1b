import { type RefObject, useEffect, useState } from 'react';

export interface RowWindow {
  /** First row to draw. */
  readonly from: number;
  /** One past the last row to draw. */
  readonly to: number;
}

const OVERSCAN = 8;

/** Which rows of a fixed height are in sight of a scrolling box; a few more on both sides. */
export function useRowWindow(box: RefObject<HTMLElement | null>, rowCount: number, rowHeightPx: number, headerPx = 0): RowWindow {
  const [view, setView] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const read = () => setView({ top: element.scrollTop, height: element.clientHeight });
    read();
    element.addEventListener('scroll', read, { passive: true });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', read);
      observer.disconnect();
    };
  }, [box]);
  const from = Math.max(0, Math.floor((view.top - headerPx) / rowHeightPx) - OVERSCAN);
  const to = Math.min(rowCount, Math.ceil((view.top + view.height) / rowHeightPx) + OVERSCAN);
  return { from: Math.min(from, Math.max(0, rowCount - 1)), to };
}
