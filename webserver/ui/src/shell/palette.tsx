import {
  AlarmClock,
  ArrowRightLeft,
  Blocks,
  Braces,
  Database,
  House,
  Inbox,
  Layers,
  ListChecks,
  type LucideIcon,
  Play,
  Plug,
  Puzzle,
  Search,
  Workflow,
} from 'lucide-react';
import { type KeyboardEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import { pages } from '../api/paths.ts';
import { useDags } from '../api/queries.ts';
import { useMayEdit } from '../api/session.ts';

interface Entry {
  readonly id: string;
  readonly icon: LucideIcon;
  readonly label: string;
  readonly kind: string;
  readonly to: string;
  readonly isMono: boolean;
}

const PAGES: readonly Entry[] = [
  { id: 'home', icon: House, label: 'Home', kind: 'Page', to: pages.home(), isMono: false },
  { id: 'dags', icon: Workflow, label: 'DAGs', kind: 'Page', to: pages.dags(), isMono: false },
  { id: 'runs', icon: ListChecks, label: 'Runs', kind: 'Page', to: pages.runs(), isMono: false },
  { id: 'assets', icon: Database, label: 'Assets', kind: 'Page', to: pages.assets(), isMono: false },
  { id: 'syncs', icon: ArrowRightLeft, label: 'Syncs', kind: 'Page', to: pages.syncs(), isMono: false },
  { id: 'required_actions', icon: Inbox, label: 'Required actions', kind: 'Page', to: pages.requiredActions(), isMono: false },
  { id: 'deadlines', icon: AlarmClock, label: 'Deadlines', kind: 'Page', to: pages.deadlines(), isMono: false },
  { id: 'connections', icon: Plug, label: 'Connections', kind: 'Page', to: pages.connections(), isMono: false },
  { id: 'variables', icon: Braces, label: 'Variables', kind: 'Page', to: pages.variables(), isMono: false },
  { id: 'pools', icon: Layers, label: 'Pools', kind: 'Page', to: pages.pools(), isMono: false },
  { id: 'blocks', icon: Blocks, label: 'Blocks', kind: 'Page', to: pages.blocks(), isMono: false },
  { id: 'plugins', icon: Puzzle, label: 'Plugins', kind: 'Page', to: pages.plugins(), isMono: false },
  { id: 'failed', icon: ListChecks, label: 'Failed runs', kind: 'Page', to: pages.runs('?state=failed'), isMono: false },
];

/** Pages, DAGs and "trigger a DAG" behind one search field. */
export function Palette({ onClose }: { onClose: () => void }) {
  const element = useRef<HTMLDialogElement>(null);
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [selected, setSelected] = useState(0);
  const entries = useEntries(text);
  useEffect(() => {
    if (element.current?.open === false) element.current.showModal();
  }, []);
  const open = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    onClose();
    void navigate(entry.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') open(entries[selected]);
    else if (event.key === 'ArrowDown') setSelected((at) => Math.min(at + 1, entries.length - 1));
    else if (event.key === 'ArrowUp') setSelected((at) => Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={element}
      aria-label="Search and jump"
      onCancel={onClose}
      onMouseDown={(event) => event.target === element.current && onClose()}
      className="wl-dialog mx-auto mt-[14vh] w-[calc(100vw-24px)] max-w-[560px] overflow-hidden rounded-2xl border border-line bg-raised p-0 shadow-3"
    >
      <div className="flex items-center gap-3 border-b border-line px-4">
        <Search size={16} className="shrink-0 text-ink-3" />
        <input
          role="combobox"
          aria-label="Search DAGs and pages"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={`palette-${selected}`}
          placeholder="Search DAGs and pages"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setSelected(0);
          }}
          onKeyDown={onKeyDown}
          className="h-12 flex-1 bg-transparent text-base outline-none"
        />
        <kbd className="font-mono text-2xs text-ink-3">Esc</kbd>
      </div>
      <div id="palette-list" role="listbox" aria-label="Results" tabIndex={-1} className="max-h-[46vh] overflow-y-auto p-1.5">
        {entries.length === 0 ? <p className="px-3 py-6 text-center text-ink-3">Nothing is called “{text}”.</p> : null}
        {entries.map((entry, index) => (
          <PaletteRow
            key={entry.id}
            index={index}
            entry={entry}
            isSelected={index === selected}
            onPoint={() => setSelected(index)}
            onOpen={() => open(entry)}
          />
        ))}
      </div>
    </dialog>
  );
}

function useEntries(text: string): readonly Entry[] {
  const mayEdit = useMayEdit();
  // What is shown fits what stands in the field at once, so that a quick Enter never opens something else; the server's
  // answer follows.
  const dags = useDags({ search: useDeferredValue(text), limit: 12, offset: 0 });
  return useMemo(() => {
    const query = text.trim().toLowerCase();
    const found = (dags.data?.dags ?? []).filter((dag) => `${dag.dagId} ${dag.displayName}`.toLowerCase().includes(query));
    const dagEntries = found.map(
      (dag): Entry => ({
        id: `dag:${dag.dagId}`,
        icon: Workflow,
        label: dag.displayName,
        kind: 'DAG',
        to: pages.dag(dag.dagId),
        isMono: dag.displayName === dag.dagId,
      }),
    );
    const triggers = found.slice(0, query === '' ? 0 : 3).map(
      (dag): Entry => ({
        id: `trigger:${dag.dagId}`,
        icon: Play,
        label: `Trigger ${dag.dagId}`,
        kind: 'Action',
        to: `${pages.dag(dag.dagId)}?trigger=1`,
        isMono: false,
      }),
    );
    return [...PAGES.filter((page) => page.label.toLowerCase().includes(query)), ...dagEntries, ...(mayEdit ? triggers : [])];
  }, [dags.data, text, mayEdit]);
}

function PaletteRow({
  entry,
  index,
  isSelected,
  onPoint,
  onOpen,
}: {
  entry: Entry;
  index: number;
  isSelected: boolean;
  onPoint: () => void;
  onOpen: () => void;
}) {
  const { icon: Icon } = entry;
  return (
    <button
      type="button"
      id={`palette-${index}`}
      role="option"
      aria-selected={isSelected}
      tabIndex={-1}
      onMouseMove={onPoint}
      onClick={onOpen}
      className={cx('flex h-9 w-full items-center gap-3 rounded-lg px-2.5 text-left', isSelected && 'bg-press')}
    >
      <Icon size={15} className="shrink-0 text-ink-3" />
      <span className={cx('flex-1 truncate', entry.isMono && 'font-mono text-xs')}>{entry.label}</span>
      <span className="text-xs text-ink-3">{entry.kind}</span>
    </button>
  );
}
