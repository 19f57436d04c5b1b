/** Templates in a real worker: rendered in the caged process, with what the supervisor answers, shown in the log without secrets. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Secret } from '#platform/config/config.ts';
import { attemptsOf, ended, logOf, openWorld, queueTask, resultOf, ring, type SavedDag, saveDag, type World } from './support.ts';

let world: World;
let dag: SavedDag;

const PASSWORD = 'tall-ship/42+x';
const SOURCE = `
import { dag } from 'windlass';
import { bash } from 'windlass/providers/bash';
export default dag('templates', {}, ({ task }) => {
  task('says', {
    command: 'echo {{ ds }} {{ params.city }} {{ var.value.greeting }} {{ conn.warehouse.host }}; echo "$PASSWORD" | wc -c',
    env: { PASSWORD: '{{ conn.warehouse.password }}' },
  }, bash);
  task('lacks', { command: 'echo {{ var.value.nothing }}' }, bash);
  task('misspells', { command: 'echo {{ dss }}' }, bash);
});
`;

beforeAll(async () => {
  world = await openWorld({
    connections: new Map([['warehouse', new Secret(`postgres://me:${encodeURIComponent(PASSWORD)}@db.example:5432/dw`)]]),
    variables: new Map([['greeting', 'hello']]),
  });
  dag = await saveDag(world.db, SOURCE);
  await world.worker();
});
afterAll(() => world.close());

async function run(taskId: string, conf: object = {}) {
  const task = await queueTask(world.db, dag, taskId, conf);
  await ring(world.broker, task);
  return { task, instance: await ended(world.db, task) };
}

it('a command is rendered with the run, its params, a variable and a connection', async () => {
  const { task, instance } = await run('says', { city: '{{ conn.warehouse.password }}' });
  expect(instance.state).toBe('success');
  expect(await resultOf(world.db, task)).toEqual({ exitCode: 0, lastLine: String(PASSWORD.length + 1) });
  const said = (await logOf(world.config, task)).map((line) => line.event);
  const rendered = said.find((event) => event.startsWith('Rendered command: ')) ?? '';
  expect(rendered).toMatch(/^Rendered command: echo \d{4}-\d\d-\d\d \{\{ conn\.warehouse\.password \}\} hello db\.example; /);
  expect(said).toContain('Rendered env: {"PASSWORD":"***"}');
  expect(said.join('\n')).not.toContain(PASSWORD);
});

it('a missing variable and a misspelt name say what to do', async () => {
  const lacks = await run('lacks');
  expect(lacks.instance).toMatchObject({ state: 'failed', reason: expect.stringContaining('WINDLASS_VAR_NOTHING') });
  const misspells = await run('misspells');
  const [attempt] = await attemptsOf(world.db, misspells.task);
  expect(attempt?.error?.message).toBe('Field "command" of "misspells", line 1, column 9: "dss" is unknown. Did you mean "ds"?');
});
