import { useEffect, useRef } from 'react';

export interface Shortcut {
  readonly keys: string;
  readonly does: string;
  readonly where: string;
}

/** The one registry: the help sheet is drawn from it. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: 'mod+k', does: 'Jump to a DAG or page', where: 'Everywhere' },
  { keys: '?', does: 'Show this sheet', where: 'Everywhere' },
  { keys: '/', does: 'Search on this page', where: 'Everywhere' },
  { keys: 'g', does: 'Switch between grid and graph', where: 'A DAG' },
  { keys: 't', does: 'Trigger a run', where: 'A DAG' },
  { keys: 'w', does: 'Wrap long lines', where: 'Logs' },
  { keys: 'd', does: 'Download the log', where: 'Logs' },
  { keys: 'end', does: 'Jump to the end and follow', where: 'Logs' },
  { keys: 'n', does: 'Next search match', where: 'Logs' },
  { keys: 'shift+n', does: 'Previous search match', where: 'Logs' },
];

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key.toLowerCase();
  if (event.metaKey || event.ctrlKey) return `mod+${key}`;
  // "?" and the like already are what Shift made of another key.
  return event.shiftKey && /^[a-z]$/.test(key) ? `shift+${key}` : key;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Listens for keys while the component is mounted. Plain keys rest while the reader types or a dialog is open. */
export function useShortcuts(handlers: Readonly<Record<string, () => void>>): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const name = nameOf(event);
      const handler = Object.hasOwn(latest.current, name) ? latest.current[name] : undefined;
      if (handler === undefined || event.altKey) return;
      if (!name.startsWith('mod+') && (isTyping(event.target) || document.querySelector('dialog[open]') !== null)) return;
      event.preventDefault();
      handler();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
