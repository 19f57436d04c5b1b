// Goal: an event of OpenLineage is sent until it is accepted, in order, and one that is never accepted holds up nobody. Method: real
// Postgres, an endpoint over HTTP that refuses as it is told; the rows of the queue written by hand.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { dagRunEventOf, runEventOf } from '#core/open-lineage/run-event.ts';
import type { Config } from '#platform/config/config.ts';
import { testConfig } from '#test/support/config.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { OPEN_LINEAGE, sendLineage } from '../../scheduler/open-lineage/sender.ts';
import { aSpec, saveDag } from '../webserver/dag-fixtures.ts';

let database: TestDatabase;
let server: Server;
let config: Config;
let statuses: number[];
/** How long the endpoint takes to answer. */
let answersAfterMs: number;
let received: { readonly eventType: string; readonly job: { readonly name: string } }[];
const faults: string[] = [];

beforeAll(async () => {
  database = await createDatabase();
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      clock.advance(answersAfterMs);
      const status = statuses.shift() ?? 201;
      if (status < 300) received.push(JSON.parse(text));
      response.writeHead(status).end('said so');
    });
  }).listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  config = testConfig({ openLineageTo: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/lineage` });
  await saveDag(database.db, aSpec('etl'));
  await sql(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by)
     select new_id(), 'etl', 'r', 'manual', 'running', version_id, 0, now(), 'test' from dag`,
  );
});
afterAll(async () => {
  server.close();
  await database.drop();
});
beforeEach(async () => {
  received = [];
  statuses = [];
  answersAfterMs = 0;
  faults.length = 0;
  await sql('delete from plugin_event');
  for (const listener of ['onDagRunRunning', 'onDagRunSuccess'])
    await sql('insert into plugin_event (plugin, listener, event) values ($1, $2, $3)', [
      OPEN_LINEAGE,
      listener,
      JSON.stringify({ dagId: 'etl', runId: 'r' }),
    ]);
});

const sql = (text: string, values: unknown[] = []) => database.db.pool.query(text, values);
const clock = new ManualClock();
const send = () => sendLineage({ config, db: database.db, clock, onFault: (what) => faults.push(what) });
const types = () => received.map((event) => event.eventType);
const release = () => sql(`update plugin_event set taken_until = '-infinity'`);

it('sends in order, and forgets what was accepted', async () => {
  await send();
  expect(types()).toEqual(['START', 'COMPLETE']);
  expect((await sql('select 1 from plugin_event')).rows).toEqual([]);
});

it('sends again what an endpoint that is away did not take, before what came later', async () => {
  statuses = [201, 503];
  await expect(send()).rejects.toThrow('the endpoint answered 503: said so');
  await release();
  await send();
  expect(types()).toEqual(['START', 'COMPLETE']);
});

it('leaves to others what it cannot send before they may take it', async () => {
  answersAfterMs = 25_000;
  await send();
  expect(types()).toEqual(['START']);
  await release();
  await send();
  expect(types()).toEqual(['START', 'COMPLETE']);
});

it('leaves out what the endpoint refuses for good, and says so', async () => {
  statuses = [422];
  await send();
  expect(types()).toEqual(['COMPLETE']);
  expect(faults).toEqual(['the endpoint refused an event with 422: said so']);
});

it('makes events of the shape that the specification asks for', () => {
  const common = {
    at: '2026-03-10T00:00:00.000Z',
    dagId: 'etl',
    namespace: 'ours',
    runId: '01890a5d-ac96-774b-bcce-b302099a8057',
  } as const;
  const event = runEventOf({
    ...common,
    type: 'COMPLETE',
    taskId: 'load',
    dagRunId: common.runId,
    version: '1',
    logicalDate: null,
    message: null,
    inputs: [{ name: 'raw', uri: 's3://lake/raw/x', columns: null, versionId: 4 }],
    outputs: [
      {
        name: 'orders',
        uri: 'postgres://db:5432/shop/public/orders',
        columns: [{ name: 'id', type: 'int', nullable: true }],
        versionId: 5,
        rows: 3,
        bytes: null,
        columnLineage: {
          id: [
            { asset: 'raw', column: 'key' },
            { asset: 'other', column: 'x', through: ['load'] },
          ],
          made: [{ asset: 'frame://etl/load', column: 'y' }],
          one: [],
        },
      },
    ],
  });
  expect(JSON.stringify(event)).not.toContain('"made"');
  expect(event).toMatchObject({
    eventType: 'COMPLETE',
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
    job: { namespace: 'ours', name: 'etl.load' },
    inputs: [{ namespace: 's3://lake', name: 'raw/x', facets: { version: { datasetVersion: '4' } } }],
    outputs: [
      {
        namespace: 'postgres://db:5432',
        name: 'shop.public.orders',
        facets: {
          columnLineage: {
            fields: {
              id: {
                inputFields: [
                  { namespace: 's3://lake', name: 'raw/x', field: 'key' },
                  { namespace: 'ours', name: 'other', field: 'x' },
                ],
              },
              one: { inputFields: [] },
            },
          },
        },
      },
    ],
  });
  expect(dagRunEventOf({ ...common, type: 'START' })).toMatchObject({ job: { name: 'etl' }, run: { runId: common.runId } });
});
