/**
 * Goal: a process that was given another password than the rest ends at once, says whose password is refused and what to do, and
 * the others do not notice. Method: each role, over the address of a fleet that works, with its password exchanged.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Fleet, LEDGER, type Role, startFleet } from '#test/support/fleet.ts';
import { SECRETS } from './say.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let fleet: Fleet;
beforeAll(async () => {
  const file = `import { dag } from 'windlass';\n${LEDGER}\nexport const steady = dag('steady', {}, ({ task }) => { task('only', note); });`;
  fleet = await startFleet({ 'steady.ts': file });
  await Promise.all([fleet.start('scheduler'), fleet.start('worker')]);
  await fleet.know('steady');
});
afterAll(() => fleet.close());

it.each<Role>(['scheduler', 'worker', 'triggerer', 'webserver', 'monitor'])(
  'a %s with the wrong password of Postgres ends and says so; the others go on',
  async (role) => {
    const url = new URL(fleet.database.url);
    url.password = 'hunter2';
    const wrong = await fleet.start(role, { environment: { DATABASE_URL: url.href }, wait: false });
    expect(await wrong.stopsByItself()).toBe(1);
    expect(wrong.log()).toMatch(
      /"event":"role\.failed".*refuses the password of the user .*Correct it; .*percent-encoded.*Check DATABASE_URL/,
    );
    expect(wrong.log()).not.toMatch(SECRETS);
    await fleet.trigger('steady');
    expect(Object.keys(await fleet.allEnded(20_000))).toEqual(['success']);
    expect((await fleet.sql(`select 1 from service where kind = $1`, [role])).length).toBe(
      role === 'scheduler' || role === 'worker' ? 1 : 0,
    );
  },
);
