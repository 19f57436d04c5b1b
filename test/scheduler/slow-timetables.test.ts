// Goal: a plugin's timetable that takes its time, or never answers, holds up its own DAG and nothing else of the scheduler.
// Method: the engine with a timetable that the test answers by hand.
import { describe, expect, it } from 'vitest';
import type { NextRun } from '#core/timetable/timetable.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { deps, engine, inbox, saveDag, settle, sql, startRun, statesOf } from './engine-harness.ts';

const HOUR_MS = 3_600_000;
const custom = { schedule: { kind: 'custom', name: 'moon', args: null } } as const;

/** Questions the plugin was asked; each is answered by hand. */
function answerByHand() {
  const asked: PromiseWithResolvers<NextRun | null>[] = [];
  (deps as { timetables: unknown }).timetables = {
    nextRun: () => {
      const answer = Promise.withResolvers<NextRun | null>();
      asked.push(answer);
      return answer.promise;
    },
  };
  return asked;
}

const runAt = (ms: number): NextRun => ({ logicalDateMs: ms, intervalStartMs: ms - HOUR_MS, intervalEndMs: ms, runAfterMs: ms });
const runsOf = async (dagId: string) =>
  (await sql<{ n: number }>('select count(*)::int as n from dag_run where dag_id = $1', [dagId]))[0]?.n;

describe('a timetable of a plugin', () => {
  it('that has not answered holds up no other DAG, is asked once, and makes its run when it answers', async () => {
    const asked = answerByHand();
    await saveDag(aDagSpec('slow', [aTask('a')], custom as never));
    inbox.reloadDag('slow');
    await settle();
    await until(() => asked.length, { what: 'the plugin is asked' });
    const other = await startRun(aDagSpec('other', [aTask('a')]));
    expect((await statesOf(other))['a']).toBe('queued');
    inbox.reloadDag('slow');
    await settle();
    expect(asked).toHaveLength(1);

    asked[0]?.resolve(runAt(Date.now() - HOUR_MS));
    await until(() => asked.length === 2, { what: 'it is asked what comes next' });
    asked[1]?.resolve(runAt(Date.now() + HOUR_MS));
    await until(
      async () => {
        await settle();
        return (
          await sql(`select 1 from task_instance join dag_run using (dag_run_id) where dag_id = 'slow' and task_instance.state = 'queued'`)
        ).length;
      },
      { what: 'the run of the slow DAG is under way' },
    );
    expect(await runsOf('slow')).toBe(1);
  });

  it('that is asked while its DAG changes is asked again for the DAG as it is now', async () => {
    const asked = answerByHand();
    await saveDag(aDagSpec('slow', [aTask('a')], custom as never));
    inbox.reloadDag('slow');
    await settle();
    await until(() => asked.length === 1, { what: 'the plugin is asked' });
    inbox.reloadDag('slow'); // the DAG is read anew meanwhile
    await settle();
    asked[0]?.resolve(null);
    await until(
      async () => {
        await settle();
        return asked.length === 2;
      },
      { what: 'it is asked again' },
    );
    asked[1]?.resolve(null);
    expect(await runsOf('slow')).toBe(0);
    expect(engine.memory.dags.has('slow')).toBe(true);
  });
});
