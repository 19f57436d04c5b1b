/** Goal: an asset schedule is ready exactly when its condition holds, and runs consume each event once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssetCondition } from '#core/assets/asset-spec.ts';
import { isMet, readinessOf, usesOf, type WaitingAsset, wordsOf } from '#core/assets/condition.ts';
import { planAssetRuns, type QueuedEvent } from '#core/assets/plan-asset-runs.ts';

const of = (name: string): AssetCondition => ({ asset: { name, uri: name } });
const waiting = (name: string, aliases: readonly string[] = []): WaitingAsset => ({ name, uri: name, aliases });
const event = (eventId: number, name: string, partitionKey: string | null = null): QueuedEvent => ({
  eventId,
  ...waiting(name),
  partitionKey,
});

const NAMES = ['a', 'b', 'c', 'd'];
const { condition: conditions } = fc.letrec<{ condition: AssetCondition; leaf: AssetCondition }>((tie) => ({
  leaf: fc.constantFrom(...NAMES).map(of),
  condition: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
  ),
}));
const queues = fc.array(fc.constantFrom(...NAMES), { maxLength: 12 }).map((names) => names.map((name, index) => event(index + 1, name)));

describe('a condition', () => {
  it('of all needs each, of any needs one, at any depth', () => {
    const condition: AssetCondition = { all: [of('a'), { any: [of('b'), of('c')] }] };
    expect(isMet(condition, [waiting('a')])).toBe(false);
    expect(isMet(condition, [waiting('a'), waiting('c')])).toBe(true);
    expect(isMet(condition, [waiting('b'), waiting('c')])).toBe(false);
  });

  it('may name an asset by its URI only, by its name only, or by an alias', () => {
    const orders = { name: 'orders', uri: 's3://x/orders', aliases: ['daily'] };
    expect(isMet({ asset: { uri: 's3://x/orders' } }, [orders])).toBe(true);
    expect(isMet({ asset: { name: 'orders' } }, [orders])).toBe(true);
    expect(isMet({ asset: { name: 'orders', uri: 's3://y' } }, [orders])).toBe(false);
    expect(isMet({ alias: 'daily' }, [orders])).toBe(true);
    expect(isMet({ alias: 'hourly' }, [orders])).toBe(false);
  });

  it('says in words and numbers how far it is', () => {
    const condition: AssetCondition = { all: [of('a'), of('b'), { any: [of('c'), of('a')] }] };
    expect(wordsOf(condition)).toBe('a and b and (c or a)');
    expect(readinessOf(condition, [waiting('a')])).toEqual({ isReady: false, ready: 1, total: 3 });
  });

  it('never stops holding when another asset gets an event', () => {
    fc.assert(
      fc.property(conditions, fc.subarray(NAMES), fc.constantFrom(...NAMES), (condition, names, more) => {
        if (
          isMet(
            condition,
            names.map((name) => waiting(name)),
          )
        )
          expect(
            isMet(
              condition,
              [...names, more].map((name) => waiting(name)),
            ),
          ).toBe(true);
      }),
    );
  });
});

describe('the runs that events make', () => {
  it('take all events since the last run into one', () => {
    const plan = planAssetRuns({ condition: { all: [of('a'), of('b')] } }, [event(1, 'a'), event(2, 'a'), event(3, 'b')], 5);
    expect(plan).toEqual({ runs: [{ eventIds: [1, 2, 3], partitionKey: null }], discard: [] });
  });

  it('wait while the condition does not hold, and while there is no room', () => {
    expect(planAssetRuns({ condition: { all: [of('a'), of('b')] } }, [event(1, 'a')], 5).runs).toEqual([]);
    expect(planAssetRuns({ condition: of('a') }, [event(1, 'a')], 0).runs).toEqual([]);
  });

  it('with each are one for every event', () => {
    const plan = planAssetRuns({ condition: { any: [of('a'), of('b')] }, each: true }, [event(1, 'a'), event(2, 'b'), event(3, 'a')], 2);
    expect(plan.runs.map((run) => run.eventIds)).toEqual([[1], [2]]);
  });

  it('leave out events of a partition, unless the schedule is partitioned', () => {
    expect(planAssetRuns({ condition: of('a') }, [event(1, 'a', '2026-03-10')], 5)).toEqual({ runs: [], discard: [1] });
  });

  it('of a partitioned schedule are one for each key that every needed asset has', () => {
    const schedule = {
      condition: { all: [of('a'), of('b')] },
      partition: { mapper: { kind: 'start_of', period: 'day', timezone: 'UTC' } },
    } as const;
    const queued = [
      event(1, 'a', '2026-03-10T09:00:00'),
      event(2, 'b', '2026-03-10'),
      event(3, 'a', '2026-03-11T09:00:00'),
      event(4, 'a'),
      event(5, 'b', 'no time'),
    ];
    expect(planAssetRuns(schedule, queued, 5)).toEqual({ runs: [{ partitionKey: '2026-03-10', eventIds: [1, 2] }], discard: [4, 5] });
  });

  it('never take an event twice, nor one that they discard', () => {
    const flavours = fc.constantFrom({}, { each: true } as const, { partition: { mapper: { kind: 'identity' } } } as const);
    fc.assert(
      fc.property(conditions, queues, flavours, fc.integer({ min: 0, max: 4 }), (condition, queued, flavour, room) => {
        const keyed = queued.map((one) => ({ ...one, partitionKey: 'partition' in flavour ? `k${one.eventId % 3}` : null }));
        const { runs, discard } = planAssetRuns({ condition, ...flavour }, keyed, room);
        const taken = [...runs.flatMap((run) => run.eventIds), ...discard];
        expect(new Set(taken).size).toBe(taken.length);
        expect(runs.length).toBeLessThanOrEqual(room);
        for (const run of runs)
          expect(
            isMet(
              condition,
              keyed.filter((one) => run.eventIds.includes(one.eventId)),
            ),
          ).toBe(true);
      }),
    );
  });

  it('name every use of a condition once', () => {
    fc.assert(
      fc.property(conditions, (condition) => {
        const uses = usesOf(condition).map((use) => JSON.stringify(use));
        expect(new Set(uses).size).toBe(uses.length);
      }),
    );
  });
});
