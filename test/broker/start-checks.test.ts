/** Goal: what will hurt is said when a process starts, and by `windlass doctor`. Method: real processes over a broker and settings that are wrong. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { brokerKind } from '#test/support/broker.ts';
import { type Fleet, startFleet } from '#test/support/fleet.ts';
import { until } from '#test/support/until.ts';
import { windlass } from '#test/support/windlass-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({});
});
afterAll(() => fleet.close());

const onRedis = brokerKind === 'redis';
/** As somebody does it who has BullMQ's own tools. */
async function pauseQueue(paused: boolean): Promise<void> {
  if (onRedis) await fleet.broker.redis?.say(paused ? 'HSET {windlass}:default:meta paused 1' : 'HDEL {windlass}:default:meta paused');
  else await fleet.sql('select windlass_queue.pause($1, $2)', ['default', paused]);
}

it('a broker that may drop queues, a paused queue, leases and settings that do not fit: said at the start of a process', async () => {
  await fleet.broker.redis?.say('CONFIG SET maxmemory-policy allkeys-lru');
  await fleet.start('scheduler');
  await pauseQueue(true);
  const worker = await fleet.start('worker', { environment: { WINDLASS_LEASE_TTL_MS: '60000', WINDLASS_TASK_KILL_GRACE_MS: '60000' } });
  const checks = () =>
    worker
      .log()
      .split('\n')
      .filter((line) => line.includes('"event":"start.check"'));
  await until(() => checks().some((line) => line.includes('"check":"agreement"')), { what: 'the checks are made' });
  const said = checks().join('\n');
  if (onRedis) expect(said).toMatch(/"check":"broker".*maxmemory-policy is allkeys-lru.*redis-cli config set maxmemory-policy noeviction/);
  expect(said).toMatch(/"check":"paused".*queues are paused in the broker.*default: 0 wait/);
  expect(said).toMatch(/"check":"leases".*WINDLASS_TASK_KILL_GRACE_MS \(60000\) is not shorter than WINDLASS_LEASE_TTL_MS/);
  expect(said).toMatch(/"check":"agreement".*WINDLASS_LEASE_TTL_MS: .*60000 \(worker .*Give all processes one value/);
  expect(said).not.toMatch(/"check":"(schema|database|clock)"/);
});

it('doctor says the same, with what to do', async () => {
  const environment = { DATABASE_URL: fleet.database.url, ...fleet.broker.environment, WINDLASS_SERVICE_HEARTBEAT_MS: '500' };
  const { stdout, code } = await windlass(['doctor'], { environment });
  expect(stdout).toMatch(
    onRedis ? /^\[✗\] broker +Redis [\d.]+ answers\n {4}• maxmemory-policy is allkeys-lru/m : /^\[!\] broker +Postgres is the broker/m,
  );
  expect(stdout).toMatch(/^\[✗\] paused +queues are paused in the broker.*\n {4}• default: 0 wait\n {4}→ Resume them\./m);
  expect(stdout).toMatch(/^\[✗\] agreement .*\n {4}• WINDLASS_LEASE_TTL_MS: /m);
  expect(code).toBe(1);
  await fleet.broker.redis?.say('CONFIG SET maxmemory-policy noeviction');
  await pauseQueue(false);
  const after = await windlass(['doctor'], { environment });
  expect(after.stdout).toMatch(onRedis ? /^\[✓\] broker /m : /^\[!\] broker /m);
  expect(after.stdout).not.toContain('paused');
});

it('with a schema that newer processes have added to, doctor warns and goes on', async () => {
  await fleet.sql(`insert into schema_migration (version, name) values (9000, '9000_future.sql')`);
  const { stdout } = await windlass(['doctor'], { environment: { DATABASE_URL: fleet.database.url, ...fleet.broker.environment } });
  expect(stdout).toMatch(/^\[!\] schema +version 9000, newer than the \d+ of this Windlass, which can work with it/m);
  expect(stdout).toContain('invariants');
});
