/** Goal: bundles find the clouds' clients in the installation of the worker, and connections reach the task. Method: a whole Windlass, an example as it is shipped. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { Secret } from '#platform/config/config.ts';
import { startWholeWindlass, type WholeWindlass } from '#test/support/whole-windlass.ts';
import { type RunningEmulators, startEmulators } from '../../emulators/main.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const example = (name: string) =>
  readFileSync(new URL(`../../examples/${name}`, import.meta.url), 'utf8').replace(
    'schedule: null,',
    'schedule: null, isPausedUponCreation: false,',
  );

let emulators: RunningEmulators;
let windlass: WholeWindlass;
beforeAll(async () => {
  emulators = await startEmulators({ ports: { gcs: 0, bigquery: 0, s3: 0 }, clock: systemClock });
  const connections = new Map(
    Object.entries(emulators.connections).map(([name, url]) => [name.replace('WINDLASS_CONN_', '').toLowerCase(), new Secret(url)]),
  );
  const files = Object.fromEntries(
    ['ny_taxi_to_gcs_partitioned.ts', 'gcs_to_bigquery.ts', 'titanic.ts'].map((name) => [name, example(name)]),
  );
  windlass = await startWholeWindlass(files, { connections });
  await windlass.know('ny_taxi_to_gcs_partitioned', 'gcs_to_bigquery', 'titanic');
});
afterAll(async () => {
  await windlass.close();
  await emulators.stop();
});

it('the cloud examples run as they are shipped', async () => {
  const sent = await windlass.trigger('ny_taxi_to_gcs_partitioned', { rows: 2_000 });
  expect(await windlass.ended(sent)).toBe('success');
  const loaded = await windlass.trigger('gcs_to_bigquery');
  const clean = await windlass.trigger('titanic');
  expect([await windlass.ended(loaded), await windlass.ended(clean)]).toEqual(['success', 'success']);
  const { rows } = (await windlass.result(sent, 'load')) as { rows: number };
  expect(await windlass.result(loaded, 'summarise')).toMatchObject({ rows });
  expect(await windlass.result(clean, 'export_titanic_clean')).toMatchObject({ rows: 891 });
});
