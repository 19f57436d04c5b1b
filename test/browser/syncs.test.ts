/** Goal: a person sees how far each stream came and lets one begin from the start. Method: a whole Windlass that syncs, and a browser. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Standalone, startStandalone } from '#test/e2e/standalone-process.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { until } from '#test/support/until.ts';

const lake = mkdtempSync(join(tmpdir(), 'windlass-browser-lake-'));
let windlass: Standalone;
let browser: TestBrowser;

beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [new URL('./dags/synced.ts', import.meta.url).pathname] });
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await windlass?.remove();
  rmSync(lake, { recursive: true, force: true });
}, 60_000);

/** For a person to look at: WINDLASS_SHOTS=<folder>. */
async function shots(page: Page, name: string): Promise<void> {
  const folder = process.env['WINDLASS_SHOTS'];
  if (folder === undefined) return;
  const size = page.viewportSize();
  for (const colorScheme of ['light', 'dark'] as const)
    for (const [width, height] of [
      [1440, 900],
      [420, 900],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), animations: 'disabled' });
    }
  await page.emulateMedia({ colorScheme: 'light' });
  if (size !== null) await page.setViewportSize(size);
}

/** Starts a run and waits for its end; returns its id. */
async function run(): Promise<string> {
  const path = '/api/v2/dags/shop_copy/dagRuns';
  const { dag_run_id: id } = await windlass.api<{ dag_run_id: string }>('POST', path, { logical_date: null, conf: { lake } });
  const stateOf = async () => (await windlass.api<{ state: string }>('GET', `${path}/${encodeURIComponent(id)}`)).state;
  // One of its sources is away.
  await until(async () => (await stateOf()) === 'failed', { what: 'the run has ended', deadlineMs: 60_000 });
  return id;
}

const files = () => readdirSync(lake).filter((name) => name.endsWith('.parquet'));

it('a person finds a stream, resets it with its rows, and sees what the next run made of that', { timeout: 240_000 }, async () => {
  const { page, errors } = await browser.newPage();
  await page.goto(`${windlass.webUrl}/syncs`);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('Nothing is synced yet').waitFor();
  await shots(page, 'syncs-empty');
  await run();

  const row = (stream: string) => page.getByRole('row').filter({ hasText: stream });
  await row('customers').getByText('240', { exact: true }).waitFor();
  await row('customers').getByText('postgres copy.customers (warehouse)').last().waitFor();
  await row('orders').getByText('after 1200').waitFor();
  await row('exchange_rates').getByRole('link', { name: 'Failed' }).waitFor();
  await row('exchange_rates').getByText('GET http://127.0.0.1:9/rates was not answered').waitFor();
  await page.getByText('3 streams').waitFor();
  await shots(page, 'syncs');

  await page.getByRole('button', { name: 'Failed' }).click();
  await page.getByText('1 match').waitFor();
  expect(await page.getByRole('table', { name: 'Syncs' }).getByRole('row').count()).toBe(2);
  await page.getByRole('button', { name: 'All' }).click();
  await page.getByLabel('Search streams').fill('COPY.CUST');
  await page.getByText('1 match').waitFor();
  await row('customers').waitFor();
  await page.getByLabel('Search streams').fill('');
  await page.getByText('3 streams').waitFor();

  // With a key, keeping the rows is harmless: it is chosen.
  await page.getByRole('button', { name: 'Reset customers' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByLabel('Keep the rows').isChecked()).toBe(true);
  await dialog.getByText('each is replaced when it comes again').waitFor();
  await shots(page, 'syncs-reset-keep');
  await dialog.getByRole('button', { name: 'Reset' }).click();
  await row('customers').getByText('Resets next run').last().waitFor();
  await page.getByRole('button', { name: 'Reset waits' }).click();
  await page.getByText('1 match').waitFor();
  await page.getByRole('button', { name: 'Withdraw the reset of customers' }).click();
  await page.getByText('No stream matches').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();

  // Of a lake neither is: it has to be said.
  await page.getByRole('button', { name: 'Reset orders' }).click();
  expect(await dialog.getByRole('button', { name: 'Reset' }).isDisabled()).toBe(true);
  await dialog.getByLabel('Remove the rows').check();
  await dialog.getByText(`removes the files that "orders" has written to lake ${lake}`).waitFor();
  await shots(page, 'syncs-reset-remove');
  await dialog.getByRole('button', { name: 'Remove rows and reset' }).click();
  await row('orders').getByText('Resets next run').last().waitFor();
  await shots(page, 'syncs-waiting');
  expect(files()).toEqual(['orders-00000000.parquet', 'orders-00000001.parquet', 'orders-00000002.parquet']);

  const second = await run();
  await page.getByRole('button', { name: 'Reset orders' }).waitFor();
  await row('orders').getByText('1,200', { exact: true }).waitFor();
  expect(files()).toEqual(['orders-00000004.parquet', 'orders-00000005.parquet', 'orders-00000006.parquet']);
  await row('orders').getByRole('link', { name: 'Success' }).click();
  await page.getByText('It began from the start, as admin asked for: 3 files removed').waitFor();
  await page.getByText('1,200 rows in 3 pages').waitFor();
  await shots(page, 'sync-tab');
  expect(page.url()).toContain(`/dags/shop_copy/runs/${encodeURIComponent(second)}/tasks/orders/sync`);
  await page.goto(`${windlass.webUrl}/dags/shop_copy/runs/${encodeURIComponent(second)}/tasks/customers/sync`);
  await page.getByText('0 rows that the source has no more').waitFor();
  await page.goto(`${windlass.webUrl}/dags/shop_copy/runs/${encodeURIComponent(second)}/tasks/fill`);
  await page.getByRole('tab', { name: /^Attempts/ }).waitFor();
  expect(await page.getByRole('tab', { name: 'Sync', exact: true }).count()).toBe(0);

  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${windlass.webUrl}/syncs`);
  await page.getByRole('button', { name: 'Reset orders' }).waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  expect(errors).toEqual([]);
});
