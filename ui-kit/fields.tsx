import { ChevronDown, Search } from 'lucide-react';
import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from 'react';
import { cx } from './class-names.ts';

const FIELD =
  'w-full rounded-lg border border-line-strong bg-surface text-sm text-ink shadow-1 transition-colors hover:border-ink-3/60 focus:border-focus ' +
  'focus-visible:outline-2 focus-visible:outline-offset-0 disabled:opacity-60 aria-invalid:border-danger';

/** A one-line field. */
export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input {...rest} className={cx(FIELD, 'h-8 px-2.5', className)} />;
}

/** A field of several lines. */
export function TextArea({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea {...rest} className={cx(FIELD, 'min-h-16 px-2.5 py-1.5', className)} />;
}

/** A drop-down on the browser's own select. */
export function Select({ className, children, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <span className={cx('relative inline-flex', className)}>
      <select {...rest} className={cx(FIELD, 'h-8 appearance-none pr-7 pl-2.5')}>
        {children}
      </select>
      <ChevronDown size={14} className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 text-ink-3" />
    </span>
  );
}

/** A search field with a magnifier; `hint` shows the key that focuses it. */
export function SearchInput({ hint, className, ...rest }: InputHTMLAttributes<HTMLInputElement> & { hint?: string | undefined }) {
  return (
    <span className={cx('relative inline-flex', className)}>
      <Search size={14} className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-ink-3" />
      <input type="search" {...rest} className={cx(FIELD, 'h-8 pr-7 pl-8')} />
      {hint === undefined ? null : (
        <kbd className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 rounded border border-line bg-sunken px-1 font-mono text-2xs text-ink-3">
          {hint}
        </kbd>
      )}
    </span>
  );
}

/** Label, field, hint or error below. The label is tied to the field by nesting. */
export function Field({
  label,
  hint,
  error,
  isRequired = false,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  isRequired?: boolean;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="flex min-w-0 flex-col gap-1">
      <span className="flex items-baseline gap-1 text-xs font-medium text-ink-2">
        {label}
        {isRequired ? <span className="text-danger">*</span> : null}
      </span>
      {children}
      {error === undefined ? (
        hint === undefined ? null : (
          <span className="text-xs text-ink-3">{hint}</span>
        )
      ) : (
        <span role="alert" className="text-xs text-danger">
          {error}
        </span>
      )}
    </label>
  );
}
