/** Goal: the drawing in docs/ is the table in core/. UPDATE_GOLDEN=1 rewrites it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { drawStates, listTransitions } from '#core/draw-states.ts';

const FILE = new URL('../../docs/state-machine.md', import.meta.url);

function page(): string {
  return `# The states of a task instance

Made from the table in \`core/states.ts\` by \`test/core/draw-states.test.ts\` (\`UPDATE_GOLDEN=1 npx vitest run test/core/draw-states.test.ts\`).
A database trigger refuses every move that is not in it; the same statement that moves a state appends the event to
\`task_instance_event\`. A fenced event carries the attempt's lease epoch: if the lease was lost meanwhile, it changes nothing.

\`\`\`mermaid
${drawStates()}
\`\`\`

## All transitions

${listTransitions()}
`;
}

it('docs/state-machine.md shows the state machine as it is', () => {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, page());
  expect(readFileSync(FILE, 'utf8')).toBe(page());
});
