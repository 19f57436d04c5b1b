/**
 * Goal: a failover to a replica that misses the last seconds loses nothing and runs nothing twice: what the replica does not know is
 * rung again, and what it still holds though it is done is claimed by nobody. Method: real processes that reach Redis through a
 * switch; the replica stops following while the first goes on, then the switch is thrown.
 */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Fleet, LEDGER, startFleet } from '#test/support/fleet.ts';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let fleet: Fleet;
let first: TestRedis;
let replica: TestRedis;
let way: Awaited<ReturnType<typeof openSwitch>>;

/** An address that leads to one port or another. */
async function openSwitch(port: number) {
  let target = port;
  const open = new Set<Socket>();
  const server: Server = createServer((client) => {
    const onward = dial(target, '127.0.0.1');
    for (const socket of [client, onward]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        open.delete(socket);
        client.destroy();
        onward.destroy();
      });
    }
    client.pipe(onward).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    leadTo(other: number) {
      target = other;
      cut();
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

beforeAll(async () => {
  const file = `
import { dag } from 'windlass';
${LEDGER}
export const steady = dag('steady', {}, ({ task }) => { task('only', async (ctx) => { await sleep(150); note(ctx); }); });
`;
  fleet = await startFleet({ 'steady.ts': file }, { WINDLASS_RERING_AFTER_MS: '1000', WINDLASS_WORKER_SLOTS: '1' });
  first = fleet.broker.redis as TestRedis;
  replica = await startRedis();
  way = await openSwitch(first.port);
  const address = new URL(first.url);
  address.port = String(way.port);
  const environment = { REDIS_URL: address.href };
  await Promise.all([fleet.start('scheduler', { environment }), fleet.start('worker', { environment })]);
  await fleet.know('steady');
});
afterAll(async () => {
  await fleet.close();
  await way.close();
  await replica.stop();
});

const count = async (state: string) =>
  (await fleet.sql<{ n: number }>('select count(*)::int as n from task_instance where state = $1', [state]))[0]?.n ?? 0;

it('Redis fails over to a replica that misses the last seconds', async () => {
  const { password } = new URL(first.url);
  await replica.say(`CONFIG SET masterauth ${password}`);
  await replica.say(`REPLICAOF 127.0.0.1 ${first.port}`);
  await until(async () => (await replica.say('INFO replication')).includes('master_link_status:up'), { what: 'the replica follows' });
  for (let run = 0; run < 12; run++) await fleet.trigger('steady');
  await until(async () => (await count('success')) >= 2, { what: 'some of it is done', deadlineMs: 60_000 });
  // From here on it misses everything: what is done now still waits there, what is rung now is not known there.
  await replica.say('REPLICAOF NO ONE');
  const doneThen = await count('success');
  await until(async () => (await count('success')) >= doneThen + 4, { what: 'more of it is done', deadlineMs: 60_000 });
  for (let run = 0; run < 6; run++) await fleet.trigger('steady');
  await until(async () => (await count('queued')) >= 6, { what: 'new work is queued', deadlineMs: 60_000 });
  expect(await replica.say('DBSIZE')).not.toMatch(/^:0\r/);
  await replica.say(`CONFIG SET requirepass ${password}`);
  await first.kill();
  way.leadTo(replica.port);

  expect(await fleet.allEnded(60_000)).toEqual({ success: 18 });
  expect(fleet.members.some((member) => member.hasEnded())).toBe(false);
  expect(fleet.ledger()).toHaveLength(18);
  expect(new Set(fleet.ledger()).size).toBe(18);
});
