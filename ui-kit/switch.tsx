import { cx } from './class-names.ts';

/** An on/off switch. `label` is its accessible name; show a visible one beside it if there is room. */
export function Switch({
  label,
  isOn,
  onChange,
  disabled = false,
  title,
}: {
  label: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  disabled?: boolean;
  title?: string;
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={isOn}
      aria-label={label}
      title={title}
      disabled={disabled}
      onClick={() => onChange(!isOn)}
      className={cx(
        'inline-flex h-[18px] w-8 shrink-0 items-center rounded-full p-0.5 transition-colors duration-150 disabled:opacity-50',
        isOn ? 'bg-brass' : 'bg-line-strong',
      )}
    >
      <span
        className={cx('size-[14px] rounded-full bg-[white] shadow-1 transition-transform duration-150', isOn && 'translate-x-[14px]')}
      />
    </button>
  );
}
