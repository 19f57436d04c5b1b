/** Started for real, on a port: pages are pushed what changed, one row says that the monitor lives, and it stops cleanly. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createUser, issueToken } from '#platform/auth/users.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { systemClock } from '#platform/clock.ts';
import { quietLogger } from '#platform/logger.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import { type StartedMonitor, startMonitor } from '../../monitor/main.ts';
import { PASSWORD } from './harness.ts';

let database: TestDatabase;
let testBroker: TestBroker;
let broker: Broker;
let monitor: StartedMonitor;
const config = testConfig();
const logger = quietLogger();

beforeAll(async () => {
  database = await createDatabase();
  testBroker = await startBroker(database);
  broker = await testBroker.open();
  monitor = await startMonitor({ config, db: database.db, broker, clock: systemClock, logger });
});

afterAll(async () => {
  await monitor.stop();
  await testBroker.stop();
  await database.drop();
});

async function monitorRows() {
  return (await database.db.pool.query("select stopped_at from service where kind = 'monitor' order by started_at")).rows;
}

it('pushes what changed to an open page, once for a burst, and keeps to itself what it does not show', async () => {
  await createUser(database.db, { username: 'vera', password: PASSWORD, role: 'viewer' });
  const { token } = await issueToken(database.db, { username: 'vera', kind: 'api', ttlMs: 60_000 });
  const aborter = new AbortController();
  const response = await fetch(`${monitor.url}/api/v1/stream`, { headers: { authorization: `Bearer ${token}` }, signal: aborter.signal });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let heard = '';
  const reading = (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) heard += chunk;
  })().catch(() => {});
  await until(() => heard.includes('retry:'), { what: 'the stream to open' });
  for (let ring = 0; ring < 20; ring++) broker.ring('ui_events', { topics: ['workers', 'dags', 'run:sales/r1'] });
  await until(() => heard.includes('event: change'), { what: 'a change to be pushed' });
  expect(heard).toContain('data: {"topics":["workers","run:sales/r1"]}');
  expect(heard.match(/event: change/g)).toHaveLength(1);
  aborter.abort();
  await reading;
});

it('says that it lives, refuses a second one on its port, and says goodbye', async () => {
  await until(async () => (await monitorRows()).length === 1, { what: 'the monitor to say that it lives' });
  const port = Number(new URL(monitor.url).port);
  const second = startMonitor({ config: { ...config, monitorPort: port }, db: database.db, broker, clock: systemClock, logger });
  await expect(second).rejects.toMatchObject({ code: 'PORT_TAKEN', message: expect.stringContaining('WINDLASS_MONITOR_PORT') });
  await monitor.stop();
  await monitor.stop();
  expect((await monitorRows())[0].stopped_at).not.toBeNull();
  await expect(fetch(`${monitor.url}/healthz`)).rejects.toThrow();
});
