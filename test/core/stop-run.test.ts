/** Goal: a run is stopped when its time is up or it fails fast, once, and never for its teardowns alone. */
import { describe, expect, it } from 'vitest';
import { decideRun } from '#core/scheduling/decide-run.ts';
import { findStop, nextTimeout, stoppable } from '#core/scheduling/stop-run.ts';
import { aTask } from '#test/support/a-dag-spec.ts';
import { aRun, end, instanceOf } from '#test/support/a-run.ts';

const DOWN = aTask('down', { isTeardown: true, triggerRule: 'all_done_setup_success', upstream: ['up', 'a'] });
const tasks = [aTask('up', { isSetup: true }), aTask('a', { upstream: ['up'] }), DOWN];

describe('a run with a dagrunTimeout', () => {
  it('is stopped when the time is up, not before', () => {
    const run = aRun(tasks, { spec: { dagrunTimeoutMs: 60_000 }, row: { startedAtMs: 1_000 } });
    expect([findStop(run, 60_999), nextTimeout(run, 60_999)]).toEqual([null, 61_000]);
    expect(findStop(run, 61_000)).toEqual({ reason: 'the run took longer than its dagrunTimeout of 1 min', running: 'skipped' });
    expect(stoppable(run).map((instance) => instance.id)).toEqual(['up', 'a']);
  });

  it('is not stopped again while its teardowns run, nor looked at for it', () => {
    const run = aRun(tasks, { spec: { dagrunTimeoutMs: 60_000 } });
    for (const instance of stoppable(run)) run.setState(instance, 'skipped');
    expect([findStop(run, 120_000), nextTimeout(run, 120_000)]).toEqual([null, null]);
  });
});

describe('a run that fails fast', () => {
  it.each([
    [false, null],
    [true, { reason: 'failFast: down failed', running: 'failed' }],
  ])('looks at a failed teardown only if it counts: %j', (onFailureFailDagrun, expected) => {
    const run = aRun([...tasks.slice(0, 2), { ...DOWN, onFailureFailDagrun }, aTask('other')], { spec: { failFast: true } });
    decideRun(run, 0);
    end(run, 'up', 'success');
    decideRun(run, 0);
    end(run, 'a', 'success');
    decideRun(run, 0);
    end(run, 'down', 'failed');
    expect(findStop(run, 0)).toEqual(expected);
  });

  it('is not stopped by a failure that a map tolerates', () => {
    const scope = { scopeId: 'm', over: { from: 'params' as const, taskId: '', path: ['list'] }, maxActive: null, tolerate: 1 };
    const run = aRun([aTask('m', { mapScope: 'm' }), aTask('other')], { spec: { failFast: true, mapScopes: [scope] } });
    run.setState(instanceOf(run, 'm'), 'failed');
    expect(findStop(run, 0)).toBeNull();
  });

  it('has failed when it was stopped, though every leaf was skipped', () => {
    const run = aRun([aTask('a'), aTask('b', { upstream: ['a'] })], { row: { stopReason: 'failFast: a failed' } });
    for (const instance of run.byId.values()) run.setState(instance, 'skipped');
    expect(decideRun(run, 0).end).toEqual({ state: 'failed', reason: 'failFast: a failed' });
  });
});
