import { CircleHelp, LogOut } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { UiSession } from '../../../ui-api/types.ts';
import { useLogout } from '../api/session.ts';

/** Who is logged in, and the way out. */
export function UserMenu({ session, onHelp }: { session: UiSession; onHelp: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const logout = useLogout();
  useEffect(() => {
    if (!isOpen) return;
    const close = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !box.current?.contains(event.target as Node)) setOpen(false);
    };
    window.addEventListener('pointerdown', close);
    window.addEventListener('keydown', close);
    return () => {
      window.removeEventListener('pointerdown', close);
      window.removeEventListener('keydown', close);
    };
  }, [isOpen]);
  const item = 'flex w-full items-center gap-2.5 rounded-md px-2 py-1.5 text-left text-sm hover:bg-hover';
  return (
    <div ref={box} className="relative">
      <button
        type="button"
        aria-label={`User menu, ${session.username}`}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="grid size-7 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent-strong uppercase ring-1 ring-accent-line ring-inset"
      >
        {session.username.slice(0, 1)}
      </button>
      {isOpen ? (
        <div role="menu" className="wl-rise absolute top-9 right-0 z-40 w-52 rounded-xl border border-line bg-raised p-1.5 shadow-3">
          <div className="mb-1 border-b border-line px-2 pt-1 pb-2">
            <p className="truncate font-medium">{session.username}</p>
            <p className="text-xs text-ink-3">Role: {session.role}</p>
          </div>
          <button
            type="button"
            role="menuitem"
            className={item}
            onClick={() => {
              setOpen(false);
              onHelp();
            }}
          >
            <CircleHelp size={15} className="text-ink-3" /> Keys and states
          </button>
          <button type="button" role="menuitem" className={item} onClick={() => logout.mutate()}>
            <LogOut size={15} className="text-ink-3" /> Log out
          </button>
        </div>
      ) : null}
    </div>
  );
}
