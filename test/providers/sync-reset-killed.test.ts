/**
 * Goal: whoever dies between the wish that a stream begins from the start and its first page leaves it to the next, who does it once. Method: real
 * processes, killed before each of the things they do in between.
 */
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSync } from '#platform/db/queries/sync/list-syncs.ts';
import { endSyncing, startSyncing } from '../support/syncing-attempt.ts';
import { appended, ask, database, EIGHT, folder, idsInLake, idsOf, lake, only, run, sql, TWICE } from './sync-reset-harness.ts';

describe('a process that is killed between the wish and the first page', () => {
  const DESTINATIONS = { appended, lake } as const;

  /** What it printed; null = it was killed. */
  async function child(to: keyof typeof DESTINATIONS, dieAt: number): Promise<string | null> {
    const task = await startSyncing(database.db, 'copy', 'orders');
    const environment = {
      PATH: process.env['PATH'],
      SYNC_URL: database.url,
      SYNC_TO: to,
      SYNC_LAKE: join(folder, 'lake'),
      SYNC_TASK: JSON.stringify(task),
      SYNC_DIE_AT: String(dieAt),
    };
    const script = new URL('./fixtures/sync-reset-child.ts', import.meta.url).pathname;
    const running = spawn(process.execPath, [script], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    running.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    const signal = await new Promise<NodeJS.Signals | null>((resolve) => running.once('close', (_code, ended) => resolve(ended)));
    await endSyncing(database.db, task, signal === null ? 'success' : 'lost');
    return signal === null ? said : null;
  }

  it.for([
    // Each run of the tests tries some of the places; less happens where rows stay.
    ['appended', 'remove', EIGHT, 3],
    ['lake', 'remove', EIGHT, 3],
    ['appended', 'keep', TWICE, 6],
    ['lake', 'keep', TWICE, 6],
  ] as const)(
    'anywhere leaves a reset of %s (%s) to the next, which does it once',
    { timeout: 240_000 },
    async ([to, rows, expected, stride]) => {
      const ids = () => (to === 'lake' ? idsInLake() : idsOf('appended'));
      const clean = async () => {
        await sql('drop schema if exists copy cascade; delete from sync_stream');
        if (existsSync(join(folder, 'lake'))) rmSync(join(folder, 'lake'), { recursive: true });
        await run(DESTINATIONS[to]());
        await ask(rows);
      };
      await clean();
      const steps = Number(await child(to, -1));
      expect(steps).toBeGreaterThan(5);
      expect(await ids()).toEqual(expected);
      for (let dieAt = Math.floor(Math.random() * stride); dieAt < steps; dieAt += stride) {
        await clean();
        expect(await child(to, dieAt), `killed before step ${dieAt} of ${steps}`).toBe(null);
        await run(DESTINATIONS[to]());
        expect(await ids(), `killed before step ${dieAt} of ${steps}`).toEqual(expected);
        const row = await findSync(database.db, (await only()).sync_id);
        expect(row).toMatchObject({ reset_rows: null, was_reset_at: expect.any(Date), last_state: 'success', state: { after: ['8'] } });
      }
    },
  );
});
