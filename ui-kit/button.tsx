import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { cx } from './class-names.ts';
import { Spinner } from './spinner.tsx';

export type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly variant?: ButtonVariant;
  readonly size?: 'sm' | 'md';
  readonly icon?: ReactNode;
  /** Shows a spinner and refuses clicks. */
  readonly isBusy?: boolean;
}

const VARIANTS: Readonly<Record<ButtonVariant, string>> = {
  primary: 'bg-ink text-ink-inverse hover:bg-ink/85 active:bg-ink/75 shadow-1',
  secondary: 'bg-surface text-ink border border-line-strong hover:bg-hover active:bg-press shadow-1',
  ghost: 'text-ink-2 hover:bg-hover hover:text-ink active:bg-press',
  danger: 'bg-surface text-danger border border-danger-line hover:bg-danger-soft shadow-1',
};

const SIZES = { sm: 'h-7 px-2 text-xs gap-1.5 rounded-md', md: 'h-8 px-3 text-sm gap-2 rounded-lg' } as const;

/** The classes of a button, for links that should look like one. */
export function buttonClass(variant: ButtonVariant = 'secondary', size: 'sm' | 'md' = 'md'): string {
  return cx(
    'inline-flex shrink-0 select-none items-center justify-center whitespace-nowrap font-medium transition-colors duration-100',
    'disabled:pointer-events-none disabled:opacity-50',
    VARIANTS[variant],
    SIZES[size],
  );
}

/** A push button. Give `aria-label` when there is only an icon. */
export function Button({ variant = 'secondary', size = 'md', icon, isBusy = false, children, className, disabled, ...rest }: ButtonProps) {
  const isIconOnly = children === undefined || children === null;
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled === true || isBusy}
      className={cx(buttonClass(variant, size), isIconOnly && (size === 'sm' ? 'w-7 !px-0' : 'w-8 !px-0'), className)}
    >
      {isBusy ? <Spinner size={14} /> : icon}
      {children}
    </button>
  );
}
