/** Goal: a clear goes on to exactly what the markers lead to, once each, and never without end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClearedTasks, type ExternalTaskMarker, followMarkers, type MarkedTask } from '#core/external-task-markers.ts';

const DAY = new Date('2026-03-01T00:00:00Z');
type World = Readonly<Record<string, readonly ExternalTaskMarker[]>>;

const cleared = (world: World, dagId: string, depthLeft: number | null, logicalDate: Date | null = DAY): ClearedTasks => ({
  dagId,
  logicalDate,
  tasks: [{ taskId: 't', externalTaskMarkers: world[dagId] ?? [] }],
  cleared: ['t'],
  depthLeft,
});

/** Every DAG has one task, and a run of every date. */
function follow(world: World, start = cleared(world, 'a', null)): readonly MarkedTask[] {
  const reached: MarkedTask[] = [];
  const following = followMarkers([start]);
  for (let step = following.next(); !step.done; ) {
    reached.push(...step.value);
    step = following.next(step.value.map((task) => cleared(world, task.dagId, task.depthLeft, task.logicalDate)));
  }
  return reached;
}
const to = (dagId: string, more: Partial<ExternalTaskMarker> = {}): ExternalTaskMarker => ({ dagId, taskId: 't', ...more });
const chain = (length: number, first: Partial<ExternalTaskMarker> = {}): World =>
  Object.fromEntries(Array.from({ length }, (_, n) => [n === 0 ? 'a' : `d${n}`, [n === 0 ? to('d1', first) : to(`d${n + 1}`)]]));

describe('followMarkers', () => {
  it('goes on from DAG to DAG, to the same logical date', () => {
    const reached = follow({ a: [to('b'), to('c')], b: [to('d')], d: [] });
    expect(reached.map((task) => task.dagId)).toEqual(['b', 'c', 'd']);
    expect(reached.every((task) => task.logicalDate.getTime() === DAY.getTime())).toBe(true);
  });

  it('adds the delta of each marker', () => {
    const reached = follow({ a: [to('b', { deltaMs: 3_600_000 })], b: [to('c', { deltaMs: 60_000 })] });
    expect(reached.map((task) => task.logicalDate.toISOString())).toEqual(['2026-03-01T01:00:00.000Z', '2026-03-01T01:01:00.000Z']);
  });

  it('leads nowhere from a task that is not cleared, or from a run without a logical date', () => {
    expect(follow({ a: [to('b')] }, { ...cleared({ a: [to('b')] }, 'a', null), cleared: ['other'] })).toEqual([]);
    expect(follow({ a: [to('b')] }, cleared({ a: [to('b')] }, 'a', null, null))).toEqual([]);
  });

  it('ends in a cycle, at what is cleared already', () => {
    expect(follow({ a: [to('b')], b: [to('a'), to('c')], c: [to('b'), to('c')] }).map((task) => task.dagId)).toEqual(['b', 'c']);
  });

  it('goes through ten DAGs, and refuses an eleventh; the first marker says otherwise', () => {
    expect(follow(chain(10))).toHaveLength(10);
    expect(() => follow(chain(11))).toThrow(/beyond their recursionDepth, to t of d11: nothing was cleared/);
    expect(follow(chain(2, { recursionDepth: 2 }))).toHaveLength(2);
    expect(() => follow(chain(3, { recursionDepth: 2 }))).toThrow(/to t of d3/);
  });

  it('refuses a cycle that walks through time', () => {
    expect(() => follow({ a: [to('a', { deltaMs: 86_400_000 })] })).toThrow(/recursionDepth/);
  });

  it('yields each task at most once, whatever the markers', () => {
    const dags = ['a', 'b', 'c', 'd', 'e'];
    const markers = fc.array(
      fc.constantFrom(...dags).map((dagId) => to(dagId)),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(fc.record({ a: markers, b: markers, c: markers, d: markers, e: markers }), (world) => {
        const names = follow(world).map((task) => task.dagId);
        expect(new Set(names).size).toBe(names.length);
        expect(names).not.toContain('a');
      }),
    );
  });
});
