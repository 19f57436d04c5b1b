import { cx } from './class-names.ts';
import { lookOf } from './state-looks.ts';

/** The icon of a state in its colour; turning while it runs. Decoration unless `isLabelled`. */
export function StateIcon({ state, size = 14, isLabelled = false }: { state: string; size?: number; isLabelled?: boolean }) {
  const { icon: Icon, color, word, isMoving } = lookOf(state);
  return (
    <Icon
      size={size}
      strokeWidth={2.4}
      style={{ color }}
      className={cx('shrink-0', isMoving && 'wl-spin')}
      {...(isLabelled ? { role: 'img', 'aria-label': word } : { 'aria-hidden': true })}
    />
  );
}

/** Icon and word of a state on its tint: the way a state is shown wherever there is room for a word. */
export function StatePill({ state, size = 'md', title }: { state: string; size?: 'sm' | 'md' | 'lg'; title?: string | undefined }) {
  const { color, word, meaning } = lookOf(state);
  const sizes = { sm: 'h-5 px-1.5 text-2xs gap-1', md: 'h-[22px] px-2 text-xs gap-1.5', lg: 'h-7 px-2.5 text-sm gap-1.5' } as const;
  return (
    <span
      title={title ?? meaning}
      data-state={state}
      className={cx('inline-flex shrink-0 items-center rounded-full font-medium whitespace-nowrap text-ink', sizes[size])}
      style={{
        backgroundColor: `color-mix(in oklab, ${color} 13%, var(--surface))`,
        boxShadow: `inset 0 0 0 1px color-mix(in oklab, ${color} 34%, transparent)`,
      }}
    >
      <StateIcon state={state} size={size === 'lg' ? 15 : 12} />
      <span className="first-letter:uppercase">{word}</span>
    </span>
  );
}

/** Icon and word without a background, for dense tables. */
export function StateText({ state }: { state: string }) {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap" data-state={state}>
      <StateIcon state={state} />
      <span className="first-letter:uppercase">{lookOf(state).word}</span>
    </span>
  );
}
