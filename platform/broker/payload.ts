/**
 * The wire form of a batch: `{v: 1, t: [[taskInstanceId, tryNumber, leaseEpoch], …]}`. The broker is not
 * trusted: what does not decode is dropped, and what decodes is only a hint until Postgres confirms it.
 */
import type { Delivery } from './broker.ts';

const VERSION = 1;
const BATCH_MAX = 1_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export interface BatchPayload {
  readonly v: number;
  readonly t: readonly (readonly [string, number, number])[];
}

export function encodeBatch(batch: readonly Delivery[]): BatchPayload {
  return { v: VERSION, t: batch.map((delivery) => [delivery.taskInstanceId, delivery.tryNumber, delivery.leaseEpoch]) };
}

/** Returns null for anything that is not a batch of this version. */
export function decodeBatch(data: unknown): readonly Delivery[] | null {
  if (typeof data !== 'object' || data === null) return null;
  const { v, t } = data as Partial<BatchPayload>;
  if (v !== VERSION || !Array.isArray(t) || t.length > BATCH_MAX) return null;
  const batch: Delivery[] = [];
  for (const entry of t as readonly unknown[]) {
    if (!Array.isArray(entry) || entry.length !== 3) return null;
    const [taskInstanceId, tryNumber, leaseEpoch] = entry as readonly unknown[];
    if (typeof taskInstanceId !== 'string' || !UUID.test(taskInstanceId)) return null;
    if (!Number.isSafeInteger(tryNumber) || !Number.isSafeInteger(leaseEpoch)) return null;
    batch.push({ taskInstanceId, tryNumber: tryNumber as number, leaseEpoch: leaseEpoch as number });
  }
  return batch;
}
