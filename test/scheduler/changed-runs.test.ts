/** Goal: news of a DAG's runs makes the scheduler read what is new or changed, and leave the others as they are. */
import { expect, it } from 'vitest';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { broker, engine, inbox, settle, sql, startRun, statesOf, trigger } from './engine-harness.ts';

it('a run that is as it was keeps its model; a new one and one of another revision are read', async () => {
  const spec = aDagSpec('often', [aTask('a')]);
  const first = await startRun(spec);
  const second = await trigger('often');
  inbox.reloadRuns('often');
  await settle();
  const models = [first, second].map((id) => engine.memory.runs.get(id));
  await sql(`update dag_run set revision = revision + 1 where dag_run_id = $1`, [second]);
  const third = await trigger('often');
  await inbox.start(broker);
  try {
    broker.ring('runs_changed', { dagIds: ['often'] });
    await until(() => !inbox.isEmpty, { what: 'the doorbell' });
    await settle();
  } finally {
    await inbox.stop();
  }
  expect(engine.memory.runs.get(first)).toBe(models[0]);
  expect(engine.memory.runs.get(second)).not.toBe(models[1]);
  expect(await statesOf(third)).toEqual({ a: 'queued' });
});
