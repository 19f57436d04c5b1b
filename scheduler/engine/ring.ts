/** Rings the workers for what was just queued: ids only, after the commit, in batches sized to the idle slots. */

import type { Instance, RunModel } from '#core/scheduling/run-model.ts';
import type { Broker, Delivery } from '#platform/broker/broker.ts';
import { probe } from '#platform/probes/probe.ts';

export interface Ringing extends Delivery {
  readonly queue: string;
}

const BATCH_MAX = 50;

/** Splits deliveries into batches: single ones while workers are idle, bigger ones when they are not. */
export function batchesOf(deliveries: readonly Delivery[], idleSlots: number): readonly (readonly Delivery[])[] {
  const size = Math.min(BATCH_MAX, Math.max(1, Math.ceil(deliveries.length / Math.max(1, idleSlots))));
  const batches: Delivery[][] = [];
  for (let start = 0; start < deliveries.length; start += size) batches.push(deliveries.slice(start, start + size));
  return batches;
}

/** Returns the ids that the broker did not take: they stay `queued` in Postgres and are rung again by the next sweep. */
export async function ring(broker: Broker, ringing: readonly Ringing[], idleSlots: (queue: string) => number): Promise<readonly string[]> {
  const byQueue = new Map<string, Delivery[]>();
  for (const { queue, ...delivery } of ringing) {
    const list = byQueue.get(queue);
    if (list) list.push(delivery);
    else byQueue.set(queue, [delivery]);
  }
  const failed = await Promise.all(
    // The broker says itself what is wrong with it.
    [...byQueue].map(async ([queue, deliveries]) => {
      try {
        probe('publish.before_add');
        await broker.publish(queue, batchesOf(deliveries, idleSlots(queue)));
        return [];
      } catch {
        return deliveries;
      }
    }),
  );
  return failed.flat().map((delivery) => delivery.taskInstanceId);
}

/** What to ring for instances that a flush has just queued; `tryNumbers` as the flush wrote them. */
export function ringingOf(queued: readonly { readonly instance: Instance }[], tryNumbers: ReadonlyMap<string, number>): readonly Ringing[] {
  return queued.map(({ instance }) => ({
    queue: instance.queue,
    taskInstanceId: instance.id,
    tryNumber: tryNumbers.get(instance.id) as number,
    leaseEpoch: instance.leaseEpoch,
  }));
}

/** Workers that run something of a run that was stopped look at their leases now. `run` as it was before. */
export function ringStopped(broker: Broker, run: RunModel): void {
  const ids = [...run.byId.values()].filter((instance) => instance.state === 'running').map((instance) => instance.id);
  if (ids.length > 0) broker.ring('leases_changed', { ids });
}
