import { type RefObject, useEffect, useState } from 'react';

const FALLBACK = 120;

/** How many characters fit into one row of the log beside its gutter. Measured once a resize, on one probe. */
export function useColumns(box: RefObject<HTMLElement | null>): number {
  const [columns, setColumns] = useState(FALLBACK);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => setColumns(Math.max(20, Math.floor((element.clientWidth - gutterPx(element)) / characterPx(element))));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // The fixed-width face may arrive after the first measure.
    void document.fonts.ready.then(measure);
    return () => observer.disconnect();
  }, [box]);
  return columns;
}

function characterPx(element: HTMLElement): number {
  const probe = document.createElement('span');
  probe.textContent = '0'.repeat(100);
  probe.style.cssText = 'position:absolute;visibility:hidden;white-space:pre';
  element.append(probe);
  const width = probe.getBoundingClientRect().width / 100;
  probe.remove();
  return width > 0 ? width : 7.2;
}

/** Line number, time, level and padding: the same variable the rows are drawn with. */
function gutterPx(element: HTMLElement): number {
  const probe = document.createElement('span');
  probe.style.cssText = 'position:absolute;visibility:hidden;width:var(--log-gutter)';
  element.append(probe);
  const width = probe.getBoundingClientRect().width;
  probe.remove();
  return width;
}
