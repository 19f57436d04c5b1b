/** Draws the state machine from its table, as Mermaid and as a list: docs/state-machine.md is made of this. */
import { TASK_INSTANCE_TRANSITIONS, type Transition } from './states.ts';

/** A Mermaid state diagram of what happens without people: their events would join every state with every other. */
export function drawStates(): string {
  const arrows = new Map<string, string[]>();
  for (const [event, transition] of transitions()) {
    if (transition.by === 'user' || transition.from.length > 4) continue;
    for (const from of transition.from)
      arrows.set(`${from} --> ${transition.to}`, [...(arrows.get(`${from} --> ${transition.to}`) ?? []), event]);
  }
  return ['stateDiagram-v2', '  [*] --> none', ...[...arrows].map(([arrow, events]) => `  ${arrow}: ${events.join(', ')}`)].join('\n');
}

/** Every transition as a row of a Markdown table. */
export function listTransitions(): string {
  const rows = transitions().map(
    ([event, { from, to, by, fenced }]) => `| ${event} | ${from.join(', ')} | ${to} | ${by} | ${fenced ? 'yes' : ''} |`,
  );
  return ['| event | from | to | by | fenced |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function transitions(): readonly (readonly [string, Transition])[] {
  return Object.entries(TASK_INSTANCE_TRANSITIONS);
}
