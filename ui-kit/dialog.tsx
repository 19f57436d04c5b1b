import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { Button } from './button.tsx';
import { cx } from './class-names.ts';

/** A modal window on the browser's own <dialog>: focus trap, Escape and inertness come with it. */
export function Dialog({
  title,
  description,
  onClose,
  children,
  footer,
  width = 'md',
}: {
  title: string;
  description?: ReactNode;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  width?: 'sm' | 'md' | 'lg';
}) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog !== null && !dialog.open) {
      dialog.showModal();
      // The browser would pick the close button; people come to fill in the form.
      (dialog.querySelector<HTMLElement>('[data-dialog-body] :is(input, select, textarea)') ?? dialog).focus();
    }
    return () => dialog?.close();
  }, []);
  const widths = { sm: 'max-w-[420px]', md: 'max-w-[600px]', lg: 'max-w-[820px]' } as const;
  return (
    <dialog
      ref={element}
      tabIndex={-1}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === element.current && onClose()}
      className={cx(
        'wl-dialog m-auto w-[calc(100vw-24px)] overflow-hidden rounded-2xl border border-line bg-raised p-0 shadow-3 outline-none',
        widths[width],
      )}
    >
      <div className="flex max-h-[calc(100dvh-48px)] flex-col">
        <header className="flex items-start justify-between gap-4 border-b border-line px-5 py-3.5">
          <div className="min-w-0">
            <h2 id={titleId} className="truncate text-base font-semibold tracking-[-0.01em]">
              {title}
            </h2>
            {description === undefined ? null : <p className="mt-0.5 text-xs text-ink-3">{description}</p>}
          </div>
          <Button variant="ghost" size="sm" aria-label="Close" icon={<X size={16} />} onClick={onClose} />
        </header>
        <div data-dialog-body className="min-h-0 flex-1 overflow-y-auto px-5 py-4">
          {children}
        </div>
        {footer === undefined ? null : (
          <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line bg-sunken px-5 py-3">{footer}</footer>
        )}
      </div>
    </dialog>
  );
}
