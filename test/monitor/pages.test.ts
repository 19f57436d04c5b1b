/** The pages in a real browser: log in, see what is stuck, control a worker, find the task that failed and why. */
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WorkerControl } from '#platform/broker/messages.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { until } from '#test/support/until.ts';
import { answerRing, aTask, aWorker, type Harness, PASSWORD, startHarness } from './harness.ts';

let monitor: Harness;
let browser: TestBrowser;
let page: Page;
let errors: readonly string[];
let url: string;

beforeAll(async () => {
  monitor = await startHarness();
  const { app, broker, db, events } = monitor;
  await aWorker(db, 'w-1', { queues: ['default'], slots: 4, processed: 10, failed: 1 });
  await aTask(db, { taskId: 'extract', state: 'running' });
  await aTask(db, { taskId: 'embed', state: 'queued', queue: 'gpu', queuedSecondsAgo: 90 });
  await aTask(db, { dagId: 'crm', taskId: 'sync', state: 'failed', queuedSecondsAgo: 40, error: 'connect ECONNREFUSED' });
  await broker.listen('worker_control', (message) => void answerRing(db, (message as WorkerControl).workerId));
  await events.start(broker);
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  browser = await startBrowser();
  ({ page, errors } = await browser.newPage());
  page.setDefaultTimeout(10_000);
});

afterAll(async () => {
  await browser.close();
  await monitor.stop();
});

it('asks to log in, and leads back to the page that was wanted', async () => {
  await page.goto(`${url}/workers`);
  await page.fill('input[name="username"]', 'op');
  await page.fill('input[name="password"]', 'not the password');
  await page.click('button[type="submit"]');
  await page.getByText('Wrong username or password').waitFor();
  await page.fill('input[name="password"]', PASSWORD);
  await page.click('button[type="submit"]');
  await page.waitForURL(`${url}/workers`);
  await page.getByRole('link', { name: 'w-1' }).waitFor();
});

it('says on the overview where work waits and nobody listens', async () => {
  await page.goto(url);
  const alert = page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toContain('1 waiting in gpu, no worker listens');
  expect(await alert.textContent()).toContain('windlass worker --queues gpu');
});

it('pauses a worker and shows sent, accepted, done', async () => {
  await page.getByRole('link', { name: 'w-1' }).first().click();
  await page.getByText('extract').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  const progress = page.getByRole('status').filter({ hasText: 'Accepted' });
  await progress.getByText('The worker reported it').waitFor();
  await page.locator('[data-status="paused"]').waitFor();
  await page.getByRole('button', { name: 'One slot more' }).click();
  await page.getByText('Set 5 slots').waitFor();
  const slots = async () => (await monitor.db.pool.query("select slots from service where service_id = 'w-1'")).rows[0].slots;
  await until(async () => (await slots()) === 5, { what: 'the worker to have five slots' });
});

it('finds a failed task and its error, and keeps both in the address', async () => {
  await page.goto(`${url}/tasks`);
  await page.getByRole('button', { name: 'Failed' }).click();
  await page.fill('input[name="task-search"]', 'error:econnrefused');
  await page.waitForURL(/state=failed.*search=error/);
  await page.getByRole('row').filter({ hasText: 'sync' }).getByText('Failed').click();
  const details = page.getByRole('complementary', { name: 'Details of sync' });
  expect(await details.textContent()).toContain('connect ECONNREFUSED');
  await page.reload();
  await details.waitFor();
  await page.keyboard.press('Escape');
  await details.waitFor({ state: 'detached' });
});

it('asks to log in again when the session has ended elsewhere, and leads back', async () => {
  await page.goto(`${url}/queues`);
  await page.getByRole('cell', { name: 'gpu' }).waitFor();
  await page.context().clearCookies();
  await page.waitForURL(`${url}/login?next=%2Fqueues`);
  await page.fill('input[name="username"]', 'op');
  await page.fill('input[name="password"]', PASSWORD);
  await page.click('button[type="submit"]');
  await page.waitForURL(`${url}/queues`);
});

it('reported no error on the way', () => {
  expect(errors).toEqual([]);
});
