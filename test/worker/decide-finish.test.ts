/** What becomes of each ending: a table, as the decision is a pure function. */
import { describe, expect, it } from 'vitest';
import type { TaskSpec } from '#core/dag-spec.ts';
import type { BodyResult } from '#core/task-protocol.ts';
import { decideFinish, type FinishFacts } from '../../worker/supervisor/decide-finish.ts';

const TASK = {
  kind: 'task',
  retries: 2,
  retryDelayMs: 60_000,
  retryExponentialBackoff: 1,
  maxRetryDelayMs: null,
  sensor: null,
} as unknown as TaskSpec;
const FACTS: FinishFacts = {
  task: TASK,
  tryNumber: 1,
  maxTries: 2,
  retryHash: () => 7n,
  maxRetryDelayMs: 86_400_000,
  sinceFirstStartMs: 0,
  xcomMaxBytes: 100,
};
const SENSOR: FinishFacts = {
  ...FACTS,
  task: { ...TASK, kind: 'sensor', retries: 0, sensor: { everyMs: 1_000, timeoutMs: 60_000, onTimeout: 'fail', backoff: 1 } },
};
const SUCCESS = { outcome: 'success', value: 1, bytes: 1, followed: null, mapLengths: {}, checks: [] } as const;
const FAILED = {
  outcome: 'failed',
  error: { name: 'Error', message: 'broken\nmore', stack: '' },
  retryable: true,
  retryAfterMs: null,
} as const;

const ended = (result: BodyResult, facts: Partial<FinishFacts> = {}) => decideFinish({ kind: 'result', result }, { ...FACTS, ...facts });

describe('a result', () => {
  it('is stored as JSON with its size, measured here', () => {
    expect(ended({ ...SUCCESS, value: { a: 'ä' }, bytes: 1 })).toMatchObject({
      event: 'succeed',
      valueJson: '{"a":"ä"}',
      bytes: 10,
      reason: null,
    });
  });

  it('carries who follows and how long the mapped lists are', () => {
    expect(ended({ ...SUCCESS, followed: ['b'], mapLengths: { m: 3 } })).toMatchObject({ followed: ['b'], mapLengths: { m: 3 } });
  });

  it.each([
    ['too large, whatever its process says', 'x'.repeat(200), 'XcomTooLarge'],
    ['not storable: U+0000', 'a\0b', 'XcomNotJson'],
    ['not storable: half a surrogate pair', '\ud83d', 'XcomNotJson'],
  ])('that is %s fails for good', (_, value, name) => {
    expect(ended({ ...SUCCESS, value })).toMatchObject({ event: 'fail', error: { name } });
  });

  it.each(['\\u0000', '😀', 'C:\\ud800'])('that only looks so is fine: %s', (value) => {
    expect(ended({ ...SUCCESS, value })).toMatchObject({ event: 'succeed' });
  });
});

describe('a failure', () => {
  it.each([
    [1, 'retry', 'broken; try 2 of 3 in 1 min'],
    [2, 'retry', 'broken; try 3 of 3 in 1 min'],
    [3, 'fail', 'broken'],
  ])('of try %i of 3 leads to %s', (tryNumber, event, reason) => {
    expect(ended(FAILED, { tryNumber })).toMatchObject({ event, reason });
  });

  it('that no retry helps fails at once', () => {
    expect(ended({ ...FAILED, retryable: false })).toMatchObject({ event: 'fail', nextTryInMs: null });
  });

  it('waits as long as the body asked', () => {
    expect(ended({ ...FAILED, retryAfterMs: 5_000 })).toMatchObject({ event: 'retry', nextTryInMs: 5_000 });
  });
});

describe('a sensor', () => {
  const wait: BodyResult = { outcome: 'reschedule', afterMs: 10_000, note: 'no file yet' };

  it('is checked again, never after its timeout', () => {
    expect(decideFinish({ kind: 'result', result: wait }, { ...SENSOR, sinceFirstStartMs: 5_000 })).toMatchObject({
      event: 'reschedule',
      nextTryInMs: 10_000,
      reason: 'not yet (no file yet); next check in 10 s',
    });
    expect(decideFinish({ kind: 'result', result: wait }, { ...SENSOR, sinceFirstStartMs: 55_000 }).nextTryInMs).toBe(5_000);
  });

  it('that times out fails without another try, or skips', () => {
    const late = { ...SENSOR, sinceFirstStartMs: 60_000 };
    expect(decideFinish({ kind: 'result', result: wait }, late)).toMatchObject({ event: 'fail', error: { name: 'SensorTimeout' } });
    const task = { ...late.task!, sensor: { ...late.task!.sensor!, onTimeout: 'skip' as const } };
    expect(decideFinish({ kind: 'result', result: wait }, { ...late, task })).toMatchObject({ event: 'skip' });
  });
});

describe('a process without a result', () => {
  const crashed = (exit: object, stderrTail = '') =>
    decideFinish(
      { kind: 'crashed', exit: { code: null, signal: null, spawnError: null, ...exit }, stderrTail, memoryMb: 64 },
      { ...FACTS, maxTries: 0 },
    );

  it.each([
    [{ code: 0 }, '', 'process.exit()'],
    [{ code: 9 }, '', 'exited with code 9'],
    [{ signal: 'SIGSEGV' }, '', 'killed by SIGSEGV'],
    [{ signal: 'SIGKILL' }, '', 'ran out of memory, or somebody killed it'],
    [{ signal: 'SIGABRT' }, 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', 'heap limit of 64 MB'],
    [{ spawnError: 'EAGAIN' }, '', 'could not be started: EAGAIN'],
  ])('%o says %s%s', (exit, stderr, words) => {
    expect(crashed(exit, stderr)).toMatchObject({ event: 'fail', reason: expect.stringContaining(words) });
  });
});

describe('a stopped worker', () => {
  it.each([
    [false, 0, 'task', 'hand_back'],
    [true, 1, 'task', 'hand_back'],
    [true, 0, 'sensor', 'hand_back'],
    [true, 0, 'task', 'fail'],
  ] as const)('begun %s, retries %i, %s: %s', (begun, retries, kind, event) => {
    expect(decideFinish({ kind: 'stopped', begun, reason: 'stopped' }, { ...FACTS, task: { ...TASK, retries, kind } })).toMatchObject({
      event,
    });
  });
});

describe('a sensor that fails', () => {
  const sensorWith = (change: object, retries: number): FinishFacts => {
    const task = { ...(SENSOR.task as TaskSpec), retries };
    return { ...SENSOR, maxTries: retries, task: { ...task, sensor: { ...(task.sensor as NonNullable<TaskSpec['sensor']>), ...change } } };
  };
  const event = (change: object, retries: number, result: BodyResult = FAILED) =>
    decideFinish({ kind: 'result', result }, sensorWith(change, retries)).event;

  it('softly is tried again while there is a try, then skipped', () => {
    expect([event({ softFail: true }, 1), event({ softFail: true }, 0)]).toEqual(['retry', 'skip']);
    expect(event({ softFail: true }, 1, { ...FAILED, retryable: false })).toBe('skip');
  });

  it('but never fails is skipped at once', () => {
    expect([event({ neverFail: true }, 1), event({}, 1), event({}, 0)]).toEqual(['skip', 'retry', 'fail']);
  });

  it('softly is skipped when its time is up', () => {
    const facts = { ...sensorWith({ softFail: true }, 3), sinceFirstStartMs: 61_000 };
    expect(decideFinish({ kind: 'result', result: { outcome: 'reschedule', afterMs: 1, note: null } }, facts).event).toBe('skip');
  });
});
