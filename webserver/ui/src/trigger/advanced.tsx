import { ChevronRight } from 'lucide-react';
import { Field, Input, TextArea } from '#ui-kit/fields.tsx';

export interface AdvancedEntries {
  readonly runId: string;
  /** As a datetime-local field writes it, in the reader's zone; '' = none. */
  readonly logicalDate: string;
  readonly note: string;
}

export const EMPTY_ADVANCED: AdvancedEntries = { runId: '', logicalDate: '', note: '' };

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What few triggers need. */
export function Advanced({ entries, onChange }: { entries: AdvancedEntries; onChange: (entries: AdvancedEntries) => void }) {
  return (
    <details className="group rounded-lg border border-line">
      <summary className="flex list-none items-center gap-2 rounded-lg px-3 py-2 text-sm text-ink-2 hover:text-ink">
        <ChevronRight size={14} className="transition-transform group-open:rotate-90" />
        Run id, logical date, note
      </summary>
      <div className="grid gap-4 px-3 pt-1 pb-3.5 sm:grid-cols-2">
        <Field label="Run id" hint="Made up when left empty.">
          <Input
            value={entries.runId}
            placeholder="manual__…"
            onChange={(event) => onChange({ ...entries, runId: event.target.value })}
            className="font-mono !text-xs"
          />
        </Field>
        <Field label="Logical date" hint={`In ${ZONE}. None when left empty.`}>
          <Input
            type="datetime-local"
            step={1}
            value={entries.logicalDate}
            onChange={(event) => onChange({ ...entries, logicalDate: event.target.value })}
          />
        </Field>
        <div className="sm:col-span-2">
          <Field label="Note" hint="Shown on the run.">
            <TextArea rows={2} value={entries.note} onChange={(event) => onChange({ ...entries, note: event.target.value })} />
          </Field>
        </div>
      </div>
    </details>
  );
}
