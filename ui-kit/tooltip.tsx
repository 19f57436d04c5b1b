import { type ReactNode, useId, useRef, useState } from 'react';
import { createPortal } from 'react-dom';

interface Place {
  readonly left: number;
  readonly top: number;
  readonly isBelow: boolean;
}

/** Shows `content` above (or below, near the top edge) whatever it wraps, on hover and on keyboard focus. */
export function Tooltip({ content, children, className }: { content: ReactNode; children: ReactNode; className?: string }) {
  const anchor = useRef<HTMLSpanElement>(null);
  const [place, setPlace] = useState<Place | null>(null);
  const id = useId();
  const open = () => {
    const box = anchor.current?.getBoundingClientRect();
    if (box === undefined) return;
    const isBelow = box.top < 90;
    const left = Math.min(Math.max(box.left + box.width / 2, 90), window.innerWidth - 90);
    setPlace({ left, top: isBelow ? box.bottom + 7 : box.top - 7, isBelow });
  };
  const close = () => setPlace(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only watches the pointer; what it wraps carries the role
    <span
      ref={anchor}
      className={className ?? 'inline-flex min-w-0'}
      aria-describedby={place === null ? undefined : id}
      onMouseEnter={open}
      onMouseLeave={close}
      onFocus={open}
      onBlur={close}
    >
      {children}
      {place === null
        ? null
        : createPortal(
            <div
              id={id}
              role="tooltip"
              style={{ left: place.left, top: place.top }}
              className={`wl-tooltip pointer-events-none fixed z-50 max-w-[320px] -translate-x-1/2 rounded-lg border border-line bg-raised px-2.5 py-1.5 text-xs break-words text-ink shadow-2 ${place.isBelow ? '' : '-translate-y-full'}`}
            >
              {content}
            </div>,
            document.body,
          )}
    </span>
  );
}
