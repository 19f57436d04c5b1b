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

/** newer: a later Windlass rang it, for workers of its own version. foreign: nothing of ours. */
export type Decoded =
  | { readonly kind: 'batch'; readonly batch: readonly Delivery[] }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'foreign' };

const FOREIGN: Decoded = { kind: 'foreign' };

export function encodeBatch(batch: readonly Delivery[]): BatchPayload {
  return { v: VERSION, t: batch.map((delivery) => [delivery.taskInstanceId, delivery.tryNumber, delivery.leaseEpoch]) };
}

export function decodeBatch(data: unknown): Decoded {
  if (typeof data !== 'object' || data === null) return FOREIGN;
  const { v, t } = data as Partial<BatchPayload>;
  if (Number.isSafeInteger(v) && (v as number) > VERSION) return { kind: 'newer', version: v as number };
  if (v !== VERSION || !Array.isArray(t) || t.length > BATCH_MAX) return FOREIGN;
  const batch: Delivery[] = [];
  for (const entry of t as readonly unknown[]) {
    if (!Array.isArray(entry) || entry.length !== 3) return FOREIGN;
    const [taskInstanceId, tryNumber, leaseEpoch] = entry as readonly unknown[];
    if (typeof taskInstanceId !== 'string' || !UUID.test(taskInstanceId)) return FOREIGN;
    if (!Number.isSafeInteger(tryNumber) || !Number.isSafeInteger(leaseEpoch)) return FOREIGN;
    batch.push({ taskInstanceId, tryNumber: tryNumber as number, leaseEpoch: leaseEpoch as number });
  }
  return { kind: 'batch', batch };
}
