/** The shape of the cluster that chaos is played on, and its times: short ones, so that leases end many times in a minute. */
import type { Role } from './member.ts';

export type BrokerKind = 'redis' | 'postgres';

export const LEASE_TTL_MS = 3_000;
export const LEASE_RENEW_MS = 500;
export const LEASE_GRACE_MS = 500;
export const SHARD_TTL_MS = 3_000;
export const RERING_AFTER_MS = 3_000;
export const TASK_KILL_GRACE_MS = 500;

export const MEMBERS: readonly { readonly name: string; readonly role: Role }[] = [
  { name: 'scheduler-1', role: 'scheduler' },
  { name: 'scheduler-2', role: 'scheduler' },
  { name: 'worker-1', role: 'worker' },
  { name: 'worker-2', role: 'worker' },
  { name: 'triggerer-1', role: 'triggerer' },
  { name: 'webserver-1', role: 'webserver' },
  { name: 'monitor-1', role: 'monitor' },
];
