/**
 * Goal: tasks of many DAG files share few processes, and each finds its own plugins and template files there, whatever names others gave
 * theirs. Method: a real scheduler and workers; what tasks return, and in which processes they ran.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Fleet, startFleet } from '#test/support/fleet.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });
const FILES = 12;
const IDS = Array.from({ length: FILES }, (_, index) => `d${index}`);

let fleet: Fleet;

/** All name their plugin `own`, and the first half their template file `same.sql`. */
const filesOf = (id: string, index: number) => ({
  [`${id}/dag.ts`]: `
import { dag, definePlugin } from 'windlass';
import { bash } from 'windlass/providers/bash';
definePlugin({ name: 'own', macros: { name: () => '${id}'${index % 2 === 0 ? `, more: () => 'even'` : ''} } });
let calls = 0;
export default dag('${id}', {}, ({ task, chain }) => {
  const first = task('template', { command: 'same.sh' }, bash);
  const second = task('macro', async (ctx) => [ctx.macros.own.name(), Object.keys(ctx.macros.own).length, ++calls]);
  chain(first, second);
});
`,
  [`${id}/same.sh`]: `echo {{ macros.own.name() }} of ${id}`,
});

beforeAll(async () => {
  fleet = await startFleet(Object.assign({}, ...IDS.map(filesOf)), {
    WINDLASS_WORKER_SLOTS: '2',
    WINDLASS_TASK_PROCESS_DAG_FILES_MAX: '100',
  });
  await fleet.start('scheduler');
  await fleet.know(...IDS);
});
afterAll(() => fleet.close());

/** Runs all DAGs once. Returns the processes in which their tasks ran, for each DAG. */
async function runAll(): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const runs = await Promise.all(IDS.map((id) => fleet.trigger(id)));
  expect(Object.keys(await fleet.allEnded(60_000))).toEqual(['success']);
  const rows = await fleet.sql<{ dag_id: string; task_id: string; value: unknown; pid: number }>(
    `select r.dag_id, ti.task_id, x.value, a.pid from task_instance ti join dag_run r using (dag_run_id)
       join task_attempt a on a.task_instance_id = ti.task_instance_id join xcom x on x.task_instance_id = ti.task_instance_id and x.key = 'return_value'
      where r.dag_run_id = any($1::uuid[])`,
    [runs],
  );
  for (const [index, id] of IDS.entries()) {
    const mine = new Map(rows.filter((row) => row.dag_id === id).map((row) => [row.task_id, row.value]));
    expect(mine.get('template')).toEqual({ exitCode: 0, lastLine: `${id} of ${id}` });
    expect((mine.get('macro') as unknown[]).slice(0, 2)).toEqual([id, index % 2 === 0 ? 2 : 1]);
  }
  return new Map(IDS.map((id) => [id, new Set(rows.filter((row) => row.dag_id === id).map((row) => row.pid))]));
}

it('share few processes', async () => {
  const worker = await fleet.start('worker');
  const pids = new Set([...(await runAll()).values()].flatMap((some) => [...some]));
  expect(pids.size).toBeLessThanOrEqual(3);
  await worker.stop();
});

it('share none where they are told not to', async () => {
  await fleet.start('worker', { environment: { WINDLASS_TASK_PROCESS_DAG_FILES_MAX: '1' } });
  const all = [...(await runAll()).values()].flatMap((some) => [...some]);
  expect(new Set(all).size).toBe(all.length);
});
