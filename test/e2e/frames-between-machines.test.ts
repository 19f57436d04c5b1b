/**
 * Goal: a frame that a task returns is read by tasks on a machine that has no part of the first one's folder, and looked into by the web server, through
 * the XCom backend; no task sees a credential of it, and nothing is left of runs that are gone. Method: two workers with a scratch folder each,
 * a web server with none, and a folder, Cloud Storage (our emulator) and S3 (of another maker) as backends.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { Secret } from '#platform/config/config.ts';
import { openXcomBackend } from '#platform/xcom/backend.ts';
import { collectXcoms } from '#platform/xcom/collect.ts';
import { startWholeWindlass } from '#test/support/whole-windlass.ts';
import { startGcsEmulator } from '../../emulators/gcs/gcs-server.ts';
import { openS3 } from '../../providers/amazon/index.ts';
import { framePageRoutes } from '../../webserver/ui-api/frame.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FILES = {
  'far.ts': `
import { dag } from 'windlass';
import { readFrame, saveFrame } from 'windlass/providers/arrow';
import { tableFromArrays } from 'apache-arrow';

export const far = dag('far', { isPausedUponCreation: false }, ({ task, map }) => {
  const made = task('make', async (ctx) => ({ frame: await saveFrame(ctx, tableFromArrays({ n: Int32Array.from({ length: 100_000 }, (_, n) => n) })) }));
  const list = task('list', async (ctx) => [await saveFrame(ctx, tableFromArrays({ n: [1, 2] }), 'a'), await saveFrame(ctx, tableFromArrays({ n: [3] }), 'b')]);
  const back = task('read', { made }, async ({ made }) => {
    const table = await readFrame(made.frame);
    return { rows: table.numRows, last: table.get(99_999)?.n, path: made.frame.path, frame: made.frame };
  }, { queue: 'far' });
  map('each', list, async (frame) => (await readFrame(frame)).numRows, { queue: 'far' });
  task('again', { back }, async ({ back }) => (await readFrame(back.frame)).numRows);
  task('pull', async (ctx) => (await readFrame((await ctx.xcom.pull('make')).frame)).numRows, { after: [made], queue: 'far' });
  task('secrets', async (ctx) => ({
    names: Object.keys(process.env).filter((name) => /WINDLASS|GOOGLE|AWS|XCOM/.test(name)),
    connection: await ctx.conn('xcom_backend').then(() => 'there', (error) => error.code),
  }));
});
`,
};

const folder = mkdtempSync(join(tmpdir(), 'windlass-far-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Place {
  readonly xcomBackend: string;
  readonly xcomBackendConnection?: Secret;
  stop(): Promise<unknown>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  folder: async () => ({ xcomBackend: `file://${join(folder, 'xcom')}`, stop: async () => undefined }),
  async gcs() {
    const server = await startGcsEmulator({ port: 0, clock: systemClock });
    server.objects.createBucket('values');
    const url = `google-cloud-platform://?project=p&storage_endpoint=${encodeURIComponent(server.url)}`;
    return { xcomBackend: 'gs://values/x', xcomBackendConnection: new Secret(url), stop: () => server.stop() };
  },
  async s3() {
    const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
    const endpoint = `http://127.0.0.1:${server.port}`;
    const credentials = { accessKeyId: 'k', secretAccessKey: 's' };
    await using client = await openS3({ region: 'us-east-1', endpoint, credentials, connectionId: 'test' });
    await client.ensureBucket('values');
    const url = `aws://k:tall-ship-42@?endpoint_url=${encodeURIComponent(endpoint)}`;
    return { xcomBackend: 's3://values/x', xcomBackendConnection: new Secret(url), stop: () => server.stop() };
  },
};

describe.each(Object.keys(PLACES))('by %s', (kind) => {
  it('frames are read on another machine, shown by the web server, and gone with their run', async () => {
    const place = await (PLACES[kind] as () => Promise<Place>)();
    const { stop, ...settings } = place;
    const [near, far, web] = ['near', 'far', 'web'].map((name) => join(folder, kind, name)) as [string, string, string];
    const windlass = await startWholeWindlass(FILES, { ...settings, scratchFolder: near, xcomBackendThresholdBytes: 100_000 }, [
      { scratchFolder: far, workerQueues: ['far'] },
    ]);
    try {
      await windlass.know('far');
      const run = await windlass.trigger('far');
      expect(await windlass.ended(run)).toBe('success');
      expect(await windlass.result(run, 'read')).toMatchObject({ rows: 100_000, last: 99_999, path: expect.stringContaining(`${far}/`) });
      expect([await windlass.result(run, 'each', 0), await windlass.result(run, 'each', 1)]).toEqual([2, 1]);
      expect(await windlass.result(run, 'again')).toBe(100_000);
      expect(await windlass.result(run, 'pull')).toBe(100_000);
      expect(await windlass.result(run, 'secrets')).toEqual({ names: ['WINDLASS_TASK_PROCESS'], connection: 'CONNECTION_NOT_FOUND' });

      // The web server has no file of it.
      const routes = framePageRoutes({ config: { ...windlass.config, scratchFolder: web } } as never);
      const params = { dag_id: 'far', dag_run_id: `manual__${run}`, task_id: 'list' };
      await windlass.sql(`update xcom set value = value -> 0 where value @> '[{"rows": 2}]'`);
      const ask = { db: windlass.db, params, query: { map_index: -1, key: 'return_value', offset: 0, limit: 10 } };
      const [head, rows] = await Promise.all([0, 1].map((at) => routes[at]?.handle(ask as never)));
      expect(head).toMatchObject({ rows: 2 });
      expect(rows).toEqual({ offset: 0, rows: [['1'], ['2']] });
      expect(existsSync(web)).toBe(false);

      // What is named by a value is kept, however old; without its run it goes.
      const backend = openXcomBackend(settings);
      if (backend === null) throw new Error('no backend');
      expect(await collectXcoms(windlass.db, backend, -60_000)).toBe(1);
      expect(await routes[0]?.handle(ask as never)).toMatchObject({ rows: 2 });
      await windlass.sql('delete from dag_run where dag_run_id = $1', [run]);
      expect(await collectXcoms(windlass.db, backend, -60_000)).toBe(2);
      expect(await backend.listRuns()).not.toContain(run);
    } finally {
      await windlass.close();
      await stop();
    }
    expect(readdirSync(join(far, 'dag_id=far')).filter((name) => name.endsWith('@frames'))).toHaveLength(1);
  });
});
