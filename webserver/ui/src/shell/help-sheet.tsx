import { Dialog } from '#ui-kit/dialog.tsx';
import { lookOf, STATE_ORDER } from '#ui-kit/state-looks.ts';
import { StateIcon } from '#ui-kit/state-pill.tsx';
import { SHORTCUTS } from './shortcuts.ts';

/** Shortcuts, and what each state means. */
export function HelpSheet({ onClose }: { onClose: () => void }) {
  const places = [...new Set(SHORTCUTS.map((shortcut) => shortcut.where))];
  return (
    <Dialog title="Keys and states" onClose={onClose} width="lg">
      <div className="grid gap-8 sm:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
        <div className="flex flex-col gap-5">
          {places.map((place) => (
            <section key={place}>
              <h3 className="mb-1.5 text-xs font-medium text-ink-3">{place}</h3>
              <ul className="flex flex-col gap-1">
                {SHORTCUTS.filter((shortcut) => shortcut.where === place).map((shortcut) => (
                  <li key={shortcut.keys} className="flex items-center justify-between gap-4">
                    <span>{shortcut.does}</span>
                    <KeyCaps keys={shortcut.keys} />
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
        <section>
          <h3 className="mb-1.5 text-xs font-medium text-ink-3">States</h3>
          <ul className="flex flex-col gap-2">
            {STATE_ORDER.map((state) => (
              <li key={state} className="flex items-start gap-2.5">
                <span className="mt-[3px]">
                  <StateIcon state={state} />
                </span>
                <span>
                  <span className="inline-block font-medium first-letter:uppercase">{lookOf(state).word}</span>
                  <span className="block text-xs text-ink-3">{lookOf(state).meaning}</span>
                </span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Dialog>
  );
}

function KeyCaps({ keys }: { keys: string }) {
  const names = keys
    .split('+')
    .map((key) => (key === 'mod' ? 'Ctrl' : key.length === 1 ? key.toUpperCase() : key[0]?.toUpperCase() + key.slice(1)));
  return (
    <span className="flex gap-1">
      {names.map((name) => (
        <kbd
          key={name}
          className="grid h-5 min-w-5 place-items-center rounded border border-line-strong bg-sunken px-1.5 font-mono text-2xs text-ink-2"
        >
          {name}
        </kbd>
      ))}
    </span>
  );
}
