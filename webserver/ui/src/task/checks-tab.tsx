import { CircleCheck, CircleDashed, CircleX, ListChecks } from 'lucide-react';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import type { UiCheck } from '../../../ui-api/data-types.ts';
import { useTaskPage } from './task-layout.tsx';

type Verdict = 'passed' | 'failed' | 'not_run';

const LOOKS = {
  passed: { icon: CircleCheck, tone: 'text-good', words: 'passed' },
  failed: { icon: CircleX, tone: 'text-danger', words: 'failed' },
  not_run: { icon: CircleDashed, tone: 'text-ink-3', words: 'not run' },
} as const satisfies Record<Verdict, unknown>;

/** What the in-line checks of the chosen try found, with what they said. */
export function ChecksTab() {
  const { instance, tryNumber } = useTaskPage();
  const found = instance.checks.filter((check) => check.tryNumber === tryNumber);
  const declared = instance.node.checks ?? [];
  // Those that did not run stand where the author wrote them; those of an older version of the DAG follow.
  const names = [...new Set([...declared, ...found.map((check) => check.name)])];
  if (names.length === 0)
    return (
      <EmptyState icon={<ListChecks size={20} />} title="No checks">
        Checks look at what a task returns, and fail it with a message:{' '}
        <code className="font-mono text-xs">checks: {'{ "some rows": (out) => out.rows > 0 }'}</code>
      </EmptyState>
    );
  const failed = found.filter((check) => !check.passed).length;
  return (
    <div className="px-4 py-4 md:px-6">
      <Card title={`Try ${tryNumber}`} actions={<span className="text-xs text-ink-3">{summary(names.length, found.length, failed)}</span>}>
        <ul aria-label="Checks" className="divide-y divide-line">
          {names.map((name) => (
            <CheckRow key={name} name={name} check={found.find((one) => one.name === name)} />
          ))}
        </ul>
      </Card>
    </div>
  );
}

function CheckRow({ name, check }: { name: string; check: UiCheck | undefined }) {
  const verdict: Verdict = check === undefined ? 'not_run' : check.passed ? 'passed' : 'failed';
  const { icon: Icon, tone, words } = LOOKS[verdict];
  return (
    <li className="flex items-start gap-3 px-4 py-2.5">
      <Icon size={16} className={`mt-0.5 shrink-0 ${tone}`} aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="break-words">{name}</p>
        {check?.message == null ? null : <p className="mt-0.5 text-sm break-words whitespace-pre-wrap text-ink-2">{check.message}</p>}
      </div>
      <span className={`shrink-0 text-xs ${tone}`}>{words}</span>
    </li>
  );
}

function summary(all: number, run: number, failed: number): string {
  if (run === 0) return 'none has run';
  return failed === 0 ? `${run} of ${all} passed` : `${failed} of ${all} failed`;
}
