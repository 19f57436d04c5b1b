import { type Ref, useEffect, useRef, useState } from 'react';
import { SearchInput } from '#ui-kit/fields.tsx';
import { useShortcuts } from './shortcuts.ts';

const SETTLE_MS = 180;

/** A search field that tells its text once typing pauses. `/` puts the cursor into it. */
export function DebouncedSearch({
  value,
  onSettled,
  label,
  className,
}: {
  value: string;
  onSettled: (text: string) => void;
  label: string;
  className?: string;
}) {
  const [text, setText] = useState(value);
  const box = useRef<HTMLDivElement>(null);
  const settled = useRef(onSettled);
  settled.current = onSettled;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = window.setTimeout(() => settled.current(text.trim()), SETTLE_MS);
    return () => window.clearTimeout(timer);
  }, [text, value]);
  useShortcuts({ '/': () => box.current?.querySelector('input')?.focus() });
  return (
    <div ref={box as Ref<HTMLDivElement>} className={className}>
      <SearchInput
        aria-label={label}
        placeholder={label}
        hint={text === '' ? '/' : undefined}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="w-full"
      />
    </div>
  );
}
