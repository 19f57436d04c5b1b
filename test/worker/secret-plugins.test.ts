// Goal: tasks get connections and variables from a plugin's backend, which has its own settings and nothing else; one that
// fails is passed over and named. Real worker, real caged processes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { Secret } from '#platform/config/config.ts';
import { quietLogger } from '#platform/logger.ts';
import { SecretPlugins } from '#platform/secrets/secret-plugins.ts';
import { openSecretStore } from '#platform/secrets/secret-store.ts';
import { PluginHost } from '../../scheduler/dag-processor/plugin-host.ts';
import { ended, logOf, openWorld, queueTask, resultOf, ring, type SavedDag, saveDag, type World } from './support.ts';

const VAULT = `import { definePlugin } from 'windlass';
export default definePlugin({ name: 'vault', secrets: {
  getConnection: (id, settings) => id === 'warehouse' ? { type: 'postgres', host: settings['host'] ?? null, password: settings['token'] ?? null, port: 5432, extra: { a: 1 } }
    : id === 'hangs' ? new Promise(() => { for (;;); }) : id === 'nonsense' ? (7 as never) : null,
  getVariable: async (key, settings) => key === 'greeting' ? 'hello ' + Object.keys(settings).sort().join() + ' ' + Object.keys(process.env).filter((name) => /WINDLASS|DATABASE|REDIS/.test(name)).length : null,
} });`;
const BROKEN = `import { definePlugin } from 'windlass';
export default definePlugin({ name: 'a_broken_one', secrets: { getVariable: () => { throw new Error('no such store'); } } });`;
const DAG = `import { dag } from 'windlass';
export default dag('asks', {}, ({ task }) => {
  task('connection', async (ctx) => { const found = await ctx.conn('warehouse'); ctx.log.info('the password is ' + found.password); return { ...found, password: found.password === 'a-secret-token' }; });
  task('variable', (ctx) => ctx.variable('greeting'));
  task('absent', async (ctx) => [await ctx.variable('nowhere'), await ctx.conn('nowhere').catch((error) => error.code)]);
});`;

let world: World;
let host: PluginHost;
let dag: SavedDag;

beforeAll(async () => {
  const pluginSettings = new Map([
    ['vault_host', new Secret('db.example.com')],
    ['vault_token', new Secret('a-secret-token')],
    ['other_token', new Secret('not yours')],
  ]);
  world = await openWorld({ pluginSettings });
  writeFileSync(join(world.config.pluginsFolder, 'vault.ts'), VAULT);
  writeFileSync(join(world.config.pluginsFolder, 'broken.ts'), BROKEN);
  host = new PluginHost({ config: world.config, db: world.db, broker: world.broker, clock: systemClock, logger: quietLogger() });
  await host.runOnce();
  dag = await saveDag(world.db, DAG);
  // A worker on another machine has no such folder.
  await world.worker({ pluginsFolder: '/nowhere' });
});
afterAll(async () => {
  await host.stop();
  await world.close();
});

async function run(taskId: string) {
  const task = await queueTask(world.db, dag, taskId);
  await ring(world.broker, task);
  const { state, reason } = await ended(world.db, task);
  return { task, state, reason, value: await resultOf(world.db, task) };
}

describe('a secrets backend of a plugin', () => {
  it('answers for connections; what it answers is masked in logs', async () => {
    const { task, state, value } = await run('connection');
    expect(state).toBe('success');
    expect(value).toMatchObject({ id: 'warehouse', type: 'postgres', host: 'db.example.com', port: 5432, password: true, extra: { a: 1 } });
    const said = (await logOf(world.config, task)).map((line) => line.event);
    expect(said).toContain('the password is ***');
  });

  it('gets its own settings, and sees no other credential', async () => {
    expect(await run('variable')).toMatchObject({ state: 'success', value: 'hello host,token 0' });
  });

  it('that has nothing leaves the question to the next source', async () => {
    expect(await run('absent')).toMatchObject({ state: 'success', value: [null, 'CONNECTION_NOT_FOUND'] });
  });

  it('that throws is passed over and named', async () => {
    const { rows } = await world.db.pool.query(`select faults, last_fault from plugin where name = 'a_broken_one'`);
    expect(rows[0]).toMatchObject({ last_fault: expect.stringContaining('no such store') });
    expect((rows[0] as { faults: number }).faults).toBeGreaterThan(0);
  });

  it('that hangs or answers nonsense is passed over, and answers again afterwards', { timeout: 30_000 }, async () => {
    const plugins = new SecretPlugins({ config: world.config, db: world.db, clock: systemClock, logger: quietLogger() });
    const store = openSecretStore({ config: world.config, db: world.db, plugins });
    expect(await store.connection('hangs')).toBeNull();
    expect(await store.connection('nonsense')).toBeNull();
    expect((await store.connection('warehouse'))?.host).toBe('db.example.com');
    await plugins.stop();
  });
});
