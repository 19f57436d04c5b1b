/** Goal: a backfill is planned, started, held and watched to its end in a real browser. A whole Windlass runs behind it. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Standalone, startStandalone } from '#test/e2e/standalone-process.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';

let windlass: Standalone;
let browser: TestBrowser;

beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [new URL('./dags/daily.ts', import.meta.url).pathname] });
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await windlass?.remove();
}, 60_000);

/** For a person to look at: WINDLASS_SHOTS=<folder>. */
async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env['WINDLASS_SHOTS'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}

it('a person backfills a week, holds it, goes on and sees it end', { timeout: 120_000 }, async () => {
  const { page, context, errors } = await browser.newPage();
  await page.goto(`${windlass.webUrl}/dags/daily`);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Backfill' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('From').fill('2026-03-01T00:00');
  await dialog.getByLabel('To').fill('2026-02-01T00:00');
  await dialog.getByText('Lies before the earliest date.').waitFor();
  await dialog.getByLabel('To').fill('2026-03-06T12:00');
  await dialog.getByText('Newest first').click();
  await dialog.getByLabel('Runs at once').fill('2');
  await shot(page, 'dialog');
  await dialog.getByRole('button', { name: /Start [56] runs/ }).click();

  const banner = page.getByRole('region', { name: 'Backfill' });
  await banner.getByText(/[1-9] running/).waitFor({ timeout: 20_000 });
  await shot(page, 'running');
  await banner.getByRole('button', { name: 'Pause the backfill' }).click();
  await banner.getByText('Paused').waitFor();
  await page.getByRole('button', { name: 'Backfill', exact: true }).and(page.locator(':disabled')).waitFor();
  await shot(page, 'paused');
  await banner.getByRole('button', { name: 'Go on with the backfill' }).click();
  await banner.waitFor({ state: 'detached', timeout: 60_000 });
  await shot(page, 'done');
  expect(errors).toEqual([]);
  await context.close();
});

it('a person cancels one, and is asked before', { timeout: 60_000 }, async () => {
  const { page, context, errors } = await browser.newPage({ colorScheme: 'dark' });
  await page.goto(`${windlass.webUrl}/dags/daily?backfill=1`);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('From').fill('2025-03-01T00:00');
  await dialog.getByLabel('To').fill('2025-12-31T12:00');
  await dialog.getByLabel('Runs at once').fill('1');
  await dialog.getByText('and 206 more').or(dialog.getByText('and 205 more')).waitFor();
  await dialog.getByRole('button', { name: /Start 30\d runs/ }).click();
  const banner = page.getByRole('region', { name: 'Backfill' });
  await banner.getByText(/running/).waitFor({ timeout: 20_000 });
  await banner.getByRole('button', { name: 'Cancel the backfill' }).click();
  await page.getByText(/dates will not be run/).waitFor();
  await shot(page, 'cancel');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the backfill' }).click();
  await banner.waitFor({ state: 'detached', timeout: 20_000 });
  expect(errors).toEqual([]);
  await context.close();
});
