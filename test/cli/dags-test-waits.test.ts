/** Goal: `windlass dags test` waits where a triggerer would. Method: the real command over a file with one of each. */
import { expect, it, vi } from 'vitest';
import { makeProject, removeProject, windlass } from '#test/support/windlass-process.ts';

vi.setConfig({ testTimeout: 120_000 });

const FILE = `
import { dag, defer, waitFor, waitForFile, waitUntil } from 'windlass';
export default dag('local', {}, ({ sensor, task, trigger }) => {
  const soon = sensor('soon', waitFor('100ms'));
  sensor('far', waitUntil('2130-01-01'));
  sensor('file', waitForFile(process.cwd() + '/dags/*.ts'), { checks: { is: (path) => path.endsWith('local.ts') } });
  sensor('never', waitForFile('/nowhere'), { every: '100ms', timeout: '300ms', softFail: true });
  task('own', (ctx) => (ctx.event === null ? defer(waitFor('100ms'), { state: 7 }) : ctx.event.state));
  trigger('other', 'other', { params: { n: 1 }, after: soon });
});
`;

it('waits in its own process, and for nothing that is far away', async () => {
  const folder = makeProject({ 'local.ts': FILE });
  const { stdout, stderr, code } = await windlass(['dags', 'test', 'dags/local.ts', '--json'], { folder });
  const { task_instances } = JSON.parse(stdout) as { task_instances: { task_id: string; state: string }[] };
  expect(Object.fromEntries(task_instances.map((one) => [one.task_id, one.state]))).toEqual({
    soon: 'success',
    far: 'success',
    file: 'success',
    never: 'skipped',
    own: 'success',
    other: 'success',
  });
  expect(stderr).toContain('waits for the time 2130-01-01T00:00:00Z');
  expect(stderr).toContain('dags test starts no other DAG; this would be a run of other');
  expect(code).toBe(0);
  removeProject(folder);
});
