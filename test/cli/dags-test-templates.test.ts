// Goal: a template in a bash task reaches the shell as text, through `windlass dags test` without a database.
// Method: the real bin over a DAG file outside this project.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeProject, removeProject, windlass } from '../support/windlass-process.ts';

const DAGS = {
  'days.ts': `
    import { dag } from 'windlass';
    import { bash } from 'windlass/providers/bash';
    import { z } from 'zod';
    export default dag('days', { params: z.object({ city: z.string().default('Oslo') }) }, ({ task, chain }) => {
      const rows = task('count', () => ({ rows: 3 }));
      const say = task('say', { command: 'echo {{ ds }} {{ params.city | upper }}; echo "$ROWS rows of {{ ti.xcom_pull(\\"count\\").rows }}"',
        env: { ROWS: '{{ var.value.get("rows", "no") }}' } }, bash);
      chain(rows, say);
      task('check', { day: say.at('lastLine') }, ({ day }) => { if (day !== 'no rows of 3') throw new Error(String(day)); });
    });`,
  'broken.ts': `
    import { dag } from 'windlass';
    import { bash } from 'windlass/providers/bash';
    export default dag('broken', {}, ({ task }) => { task('say', { command: 'echo {{ ds' }, bash); });`,
};

let folder: string;
beforeAll(() => {
  folder = makeProject(DAGS);
});
afterAll(() => removeProject(folder));

test('echo {{ ds }} prints the day of the run', async () => {
  const { code, stdout } = await windlass(['dags', 'test', 'dags/days.ts'], { folder });
  const day = new Date().toISOString().slice(0, 4);
  expect(stdout).toMatch(new RegExp(`say: Rendered command: echo ${day}-\\d\\d-\\d\\d OSLO`));
  expect(stdout).toMatch(new RegExp(`say: ${day}-\\d\\d-\\d\\d OSLO`));
  expect(stdout).toContain('say: no rows of 3');
  expect(code).toBe(0);
});

test('a template that does not parse is told before anything runs', async () => {
  const { code, stderr } = await windlass(['dags', 'test', 'dags/broken.ts', '--json'], { folder });
  expect(stderr).toMatch(/TEMPLATE_INVALID: Field "command" of "say", line 1, column 6: \{\{ has no end \}\}/);
  expect(code).toBe(1);
});
