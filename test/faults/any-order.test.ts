/**
 * Goal: any number of processes of each kind, started and stopped in any order, share one Postgres and one broker. Method:
 * real processes in a seeded order, the first of them before the broker is there; some are killed, some stopped, others
 * follow; runs are made all the time. A red seed is run again with WINDLASS_TEST_SEED=<seed>.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Fleet, LEDGER, type Member, type Role, startFleet } from '#test/support/fleet.ts';
import { Dice } from '#test/support/seeded.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const SEED = Number(process.env['WINDLASS_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ROLES: readonly Role[] = [
  'scheduler',
  'scheduler',
  'worker',
  'worker',
  'triggerer',
  'triggerer',
  'webserver',
  'webserver',
  'monitor',
];
const STEPS = 6;

let fleet: Fleet;
beforeAll(async () => {
  const file = `
import { dag, waitForFile } from 'windlass';
${LEDGER}
export const steady = dag('steady', {}, ({ task, chain, sensor }) => {
  const patient = { retries: 20, retryDelay: 100 };
  chain(task('first', note, patient), sensor('wait', waitForFile('/dev/null'), patient), task('second', note, patient));
});
`;
  fleet = await startFleet(
    { 'steady.ts': file },
    { WINDLASS_LEASE_TTL_MS: '3000', WINDLASS_LEASE_RENEW_MS: '500', WINDLASS_LEASE_GRACE_MS: '1000' },
  );
});
afterAll(() => fleet.close());

it(`everything ends, whoever comes and goes (seed ${SEED})`, async () => {
  const dice = new Dice(SEED);
  await fleet.broker.redis?.kill();
  const order = dice.shuffled(ROLES);
  const living = new Map<Member, Role>();
  const begin = async (role: Role) => void living.set(await fleet.start(role, { wait: false }), role);
  for (const role of order.slice(0, 5)) await begin(role);
  if (fleet.broker.redis)
    await until(() => [...living.keys()].every((member) => member.log().includes('"event":"broker.waiting"')), {
      what: 'they wait for Redis',
      deadlineMs: 60_000,
    });
  await fleet.broker.redis?.restart();
  for (const role of order.slice(5)) await begin(role);
  await fleet.know('steady');
  for (let step = 0; step < STEPS; step++) {
    for (let run = 0; run < 2; run++) await fleet.trigger('steady');
    const [member, role] = dice.pick([...living]);
    living.delete(member);
    if (dice.chance(0.5)) await member.stop('SIGKILL');
    else {
      const code = await member.stop('SIGTERM');
      // One that was told to go while it was still being loaded ends by the signal.
      expect(code === 0 || member.log() === '', `${role} ended with ${code}: ${member.log().slice(-1_000)}`).toBe(true);
    }
    await begin(dice.chance(0.5) ? role : dice.pick(ROLES));
    for (const needed of new Set(ROLES)) if (![...living.values()].includes(needed)) await begin(needed);
  }
  expect(Object.keys(await fleet.allEnded(120_000))).toEqual(['success']);
});
