/** Goal: every rule settles as Airflow's do, as early as it can, and never changes its mind. Exhaustive to 4 upstreams. */
import { describe, expect, it } from 'vitest';
import { TASK_INSTANCE_STATES, type TaskInstanceState } from '#core/states.ts';
import { countUpstream, evaluateTriggerRule, TRIGGER_RULES, type TriggerRule, type Verdict } from '#core/trigger-rules.ts';

const FINISHED: readonly TaskInstanceState[] = ['success', 'failed', 'upstream_failed', 'skipped'];
const judge = (rule: TriggerRule, ...states: TaskInstanceState[]) => evaluateTriggerRule(rule, countUpstream(states));

/** All lists of the given states, up to a length. */
function lists(states: readonly TaskInstanceState[], longest: number): TaskInstanceState[][] {
  let level: TaskInstanceState[][] = [[]];
  const all: TaskInstanceState[][] = [];
  for (let length = 1; length <= longest; length++) {
    level = level.flatMap((list) => states.map((state) => [...list, state]));
    all.push(...level);
  }
  return all;
}

/** The rules once more, over the list itself: when a task is skipped, fails upstream, runs. In this order, else it waits. */
function airflowSays(rule: TriggerRule, states: readonly TaskInstanceState[]): Verdict {
  const some = (...wanted: TaskInstanceState[]) => states.some((state) => wanted.includes(state));
  const all = (...wanted: TaskInstanceState[]) => states.every((state) => wanted.includes(state));
  const done = all(...FINISHED);
  const bad = some('failed', 'upstream_failed');
  const sayings: Readonly<Record<TriggerRule, readonly (readonly [Verdict, boolean])[]>> = {
    all_success: [
      ['upstream_failed', bad],
      ['skip', some('skipped')],
      ['run', all('success')],
    ],
    all_failed: [
      ['skip', some('success', 'skipped')],
      ['run', all('failed', 'upstream_failed')],
    ],
    all_done: [['run', done]],
    all_done_min_one_success: [
      ['skip', some('skipped')],
      ['upstream_failed', done && !some('success')],
      ['run', done],
    ],
    // Without setups among the upstreams it is all_done.
    all_done_setup_success: [['run', done]],
    one_success: [
      ['skip', all('skipped')],
      ['upstream_failed', done && !some('success')],
      ['run', some('success')],
    ],
    one_failed: [
      ['skip', done && !bad],
      ['run', bad],
    ],
    one_done: [
      ['skip', done && !some('success', 'failed')],
      ['run', some('success', 'failed')],
    ],
    none_failed: [
      ['upstream_failed', bad],
      ['run', all('success', 'skipped')],
    ],
    none_failed_min_one_success: [
      ['upstream_failed', bad],
      ['skip', all('skipped')],
      ['run', all('success', 'skipped')],
    ],
    none_skipped: [
      ['skip', some('skipped')],
      ['run', done],
    ],
    all_skipped: [
      ['skip', bad || some('success')],
      ['run', all('skipped')],
    ],
    always: [['run', true]],
  };
  return sayings[rule].find(([, applies]) => applies)?.[0] ?? 'wait';
}

describe('a trigger rule', () => {
  const TABLE: readonly (readonly [TriggerRule, readonly TaskInstanceState[], Verdict])[] = [
    ['all_success', ['success', 'success'], 'run'],
    ['all_success', ['success', 'running'], 'wait'],
    ['all_success', ['failed', 'running'], 'upstream_failed'],
    ['all_success', ['skipped', 'running'], 'skip'],
    ['all_failed', ['failed', 'upstream_failed'], 'run'],
    ['all_failed', ['success', 'running'], 'skip'],
    ['all_done', ['failed', 'skipped', 'success'], 'run'],
    ['all_done', ['failed', 'running'], 'wait'],
    ['all_done_min_one_success', ['failed', 'success'], 'run'],
    ['all_done_min_one_success', ['failed', 'failed'], 'upstream_failed'],
    ['all_done_min_one_success', ['skipped', 'running'], 'skip'],
    ['all_done_setup_success', ['success', 'failed'], 'run'],
    ['all_done_setup_success', ['skipped'], 'run'],
    ['all_done_setup_success', ['success', 'running'], 'wait'],
    ['one_success', ['success', 'running'], 'run'],
    ['one_success', ['failed', 'skipped'], 'upstream_failed'],
    ['one_success', ['skipped', 'skipped'], 'skip'],
    ['one_success', ['skipped', 'removed'], 'upstream_failed'],
    ['one_failed', ['failed', 'running'], 'run'],
    ['one_failed', ['success', 'skipped'], 'skip'],
    ['one_done', ['success', 'running'], 'run'],
    ['one_done', ['skipped', 'running'], 'wait'],
    ['one_done', ['skipped', 'upstream_failed'], 'skip'],
    ['none_failed', ['success', 'skipped'], 'run'],
    ['none_failed', ['failed', 'running'], 'upstream_failed'],
    ['none_failed_min_one_success', ['success', 'skipped'], 'run'],
    ['none_failed_min_one_success', ['skipped', 'skipped'], 'skip'],
    ['none_skipped', ['success', 'failed'], 'run'],
    ['none_skipped', ['skipped', 'running'], 'skip'],
    ['all_skipped', ['skipped', 'skipped'], 'run'],
    ['all_skipped', ['success', 'running'], 'skip'],
    ['always', ['running'], 'run'],
  ];
  it.each(TABLE)('%s of %j says %s', (rule, states, verdict) => {
    expect(judge(rule, ...states)).toBe(verdict);
  });

  it.each(TRIGGER_RULES)('%s never waits once every upstream has ended', (rule) => {
    for (const states of lists([...FINISHED, 'removed'], 4)) expect(judge(rule, ...states), states.join()).not.toBe('wait');
  });

  it.each(TRIGGER_RULES.filter((rule) => rule !== 'always'))('%s keeps its verdict however the open upstreams end', (rule) => {
    for (const states of lists([...FINISHED, 'running'], 3)) {
      const verdict = judge(rule, ...states);
      if (verdict === 'wait') continue;
      for (const end of FINISHED) {
        const later = judge(rule, ...states.map((state) => (state === 'running' ? end : state)));
        // A skip may still turn into a failure upstream or the other way round; a run never turns back.
        expect(verdict === 'run' ? later : 'ended', `${states.join()} then ${end}`).toBe(verdict === 'run' ? 'run' : 'ended');
        expect(later).not.toBe('wait');
      }
    }
  });

  it.each(TRIGGER_RULES)('%s does not depend on the order of the upstreams', (rule) => {
    for (const states of lists([...FINISHED, 'running'], 3)) expect(judge(rule, ...states.toReversed())).toBe(judge(rule, ...states));
  });

  it.each(TRIGGER_RULES)('%s lets a task without upstreams run', (rule) => {
    expect(judge(rule)).toBe('run');
  });

  it.each([
    [{ total: 1, success: 1, skipped: 0 }, 'run'],
    [{ total: 2, success: 1, skipped: 0 }, 'run'],
    [{ total: 2, success: 0, skipped: 2 }, 'skip'],
    [{ total: 2, success: 0, skipped: 1 }, 'upstream_failed'],
    [{ total: 1, success: 0, skipped: 0 }, 'upstream_failed'],
  ] as const)('all_done_setup_success with setups %j says %s once all have ended, and waits before', (setups, verdict) => {
    const ended = countUpstream(['success', 'failed', 'skipped']);
    expect(evaluateTriggerRule('all_done_setup_success', ended, setups)).toBe(verdict);
    expect(evaluateTriggerRule('all_done_setup_success', { ...ended, total: 4 }, setups)).toBe('wait');
  });

  it('never blocks on a removed upstream, where Airflow waits for ever', () => {
    for (const rule of TRIGGER_RULES) expect(judge(rule, 'success', 'removed')).not.toBe('wait');
    expect(judge('all_success', 'success', 'removed')).toBe('run');
    expect(judge('all_failed', 'failed', 'removed')).toBe('run');
    expect(judge('none_failed', 'success', 'removed')).toBe('run');
    expect(judge('all_skipped', 'skipped', 'removed')).toBe('run');
  });

  it('says what the rules of Airflow say of every list of up to five upstreams', () => {
    for (const states of lists([...FINISHED, 'running'], 5))
      for (const rule of TRIGGER_RULES) expect(judge(rule, ...states), `${rule} of ${states.join()}`).toBe(airflowSays(rule, states));
  });

  it('takes every unfinished state alike', () => {
    const open = TASK_INSTANCE_STATES.filter((state) => !FINISHED.includes(state) && state !== 'removed');
    for (const rule of TRIGGER_RULES) for (const state of open) expect(judge(rule, 'success', state)).toBe(judge(rule, 'success', 'none'));
  });
});
