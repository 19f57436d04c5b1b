/**
 * Goal: a process that starts while Postgres can hardly be reached says so and waits; it does not end. Method: real processes that reach
 * Postgres through a proxy on which a connection takes longer than the one for leases may take, until it is said.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { FaultProxy } from '#test/support/fault-proxy.ts';
import { type Fleet, type Role, startFleet } from '#test/support/fleet.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

/** Shorter than a connection takes, which asks for several answers; the main connections may take longer. */
const LEASES = {
  WINDLASS_LEASE_TTL_MS: '5000',
  WINDLASS_LEASE_RENEW_MS: '1000',
  WINDLASS_SHARD_LEASE_TTL_MS: '5000',
  WINDLASS_TASK_KILL_GRACE_MS: '500',
};
const ANSWER_MS = 600;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({}, LEASES);
});
afterAll(() => fleet.close());

it.concurrent.each<Role>(['scheduler', 'worker', 'triggerer', 'webserver', 'monitor'])(
  'a %s waits until its connection for leases is there',
  async (role) => {
    const proxy = await FaultProxy.open(Number(new URL(fleet.database.url).port));
    proxy.slow(ANSWER_MS, 0, () => 0);
    const url = new URL(fleet.database.url);
    url.port = String(proxy.port);
    const member = await fleet.start(role, { wait: false, environment: { DATABASE_URL: url.href } });
    try {
      await until(() => member.log().includes('database.waiting'), { what: 'it says that it waits', deadlineMs: 40_000 });
      proxy.heal();
      await until(() => member.log().includes('"event":"role.started"'), { what: 'it has started', deadlineMs: 40_000 });
      expect(member.hasEnded()).toBe(false);
    } finally {
      await member.stop();
      await proxy.close();
    }
  },
);
