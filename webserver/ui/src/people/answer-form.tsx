import { useState } from 'react';
import { Button } from '#ui-kit/button.tsx';
import type { UiApproval } from '../../../ui-api/people-types.ts';
import { type Answer, useAnswer } from '../api/people.ts';
import { useMayEdit, useUsername } from '../api/session.ts';
import { Markdown } from '../shell/markdown.tsx';
import { ParamsAsForm } from '../trigger/params-editor.tsx';
import { useParams } from '../trigger/use-params.ts';

/** The question itself, its form, and a button an option. */
export function AnswerForm({ approval }: { approval: UiApproval }) {
  const answer = useAnswer(approval);
  const form = useParams({ paramsSchema: approval.formSchema, paramsDefaults: approval.formDefaults }, null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [isTried, setIsTried] = useState(false);
  const refusal = useRefusal(approval);
  const hasForm = approval.formSchema !== null;
  const send = (options: Answer['chosen']) => {
    setIsTried(true);
    if (hasForm && form.conf === null) return;
    answer.mutate({ chosen: options, form: hasForm ? (form.conf ?? {}) : {} });
  };
  const toggle = (option: string) =>
    setChosen((before) => (before.includes(option) ? before.filter((one) => one !== option) : [...before, option]));
  return (
    <div className="flex flex-col gap-4">
      {approval.body === null ? null : <Markdown text={approval.body} />}
      {hasForm ? (
        <div className="max-w-[520px] rounded-xl border border-line bg-sunken p-4">
          <ParamsAsForm params={isTried ? form : { ...form, errors: {} }} />
        </div>
      ) : null}
      {approval.multiple ? (
        <fieldset className="flex flex-col gap-1.5">
          <legend className="mb-1.5 text-xs font-medium text-ink-2">Choose one or more</legend>
          {approval.options.map((option) => (
            <label key={option} className="flex w-fit items-center gap-2.5 rounded-lg px-1 py-0.5">
              <input
                type="checkbox"
                className="size-4 accent-(--color-accent)"
                checked={chosen.includes(option)}
                disabled={refusal !== null}
                onChange={() => toggle(option)}
              />
              {option}
            </label>
          ))}
        </fieldset>
      ) : null}
      {answer.error === null ? null : (
        <p role="alert" className="text-sm text-danger">
          {answer.error.message}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        {approval.multiple ? (
          <Button
            variant="primary"
            isBusy={answer.isPending}
            disabled={refusal !== null || chosen.length === 0}
            onClick={() => send(approval.options.filter((option) => chosen.includes(option)))}
          >
            Answer
          </Button>
        ) : (
          approval.options.map((option, index) => (
            <Button
              key={option}
              variant={index === 0 ? 'primary' : 'secondary'}
              isBusy={answer.isPending && answer.variables.chosen[0] === option}
              disabled={refusal !== null || answer.isPending}
              onClick={() => send([option])}
            >
              {option}
            </Button>
          ))
        )}
        {refusal === null ? null : <span className="text-xs text-ink-3">{refusal}</span>}
      </div>
    </div>
  );
}

/** Why this user may not answer; null = they may. The server decides; this says so beforehand. */
function useRefusal({ assignees }: UiApproval): string | null {
  const mayEdit = useMayEdit();
  const username = useUsername();
  if (!mayEdit) return 'Viewers cannot answer.';
  if (assignees.length > 0 && !assignees.includes(username)) return `Only ${assignees.join(', ')} may answer.`;
  return null;
}
