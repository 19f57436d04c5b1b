/** Goal: a person finds what is asked, answers it, and sees what follows. A whole Windlass runs behind a real browser. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Standalone, startStandalone } from '#test/e2e/standalone-process.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';

let windlass: Standalone;
let browser: TestBrowser;

beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [new URL('./dags/asks.ts', import.meta.url).pathname] });
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

async function login(page: Page): Promise<void> {
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
}

it('a person answers what a task asks, with its form', { timeout: 120_000 }, async () => {
  const { page, context, errors } = await browser.newPage();
  await page.goto(`${windlass.webUrl}/required_actions`);
  await login(page);
  await page.getByText('Nobody is asked anything').waitFor();
  await shot(page, 'actions-empty');
  await page.goto(`${windlass.webUrl}/dags/payout?trigger=1`);
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^(Trigger|Start)/ })
    .click();

  await page
    .getByRole('navigation', { name: 'Main', exact: true })
    .getByRole('link', { name: /Required actions.*1/ })
    .waitFor({ timeout: 30_000 });
  await page
    .getByRole('link', { name: /Required actions/ })
    .first()
    .click();
  const question = page.getByRole('article', { name: /Pay out 14 regions, 12345 EUR/ });
  await question.waitFor();
  await shot(page, 'actions-open');
  await question.getByRole('button', { name: 'Pay', exact: true }).click();
  await question.getByRole('alert').first().waitFor();
  await question.getByLabel(/cap/i).fill('900');
  await question.getByLabel(/note/i).fill('checked by hand');
  await question.getByRole('button', { name: 'Pay', exact: true }).click();
  await question.waitFor({ state: 'detached', timeout: 20_000 });
  await page.getByRole('button', { name: 'Answered' }).click();
  await question.getByText('checked by hand').waitFor();
  await shot(page, 'actions-answered');

  await question.getByRole('link', { name: 'sign_off' }).click();
  await page.getByRole('tab', { name: 'Respond', selected: true }).waitFor();
  await question.getByText('by admin').waitFor();
  await shot(page, 'task-respond');
  expect(errors).toEqual([]);
  await context.close();
});

it('a run shows the deadline it missed and the callbacks that failed, with their logs', { timeout: 120_000 }, async () => {
  const { page, context, errors } = await browser.newPage({ colorScheme: 'dark' });
  await page.goto(`${windlass.webUrl}/deadlines`);
  await login(page);
  await page
    .getByText(/missed by/)
    .first()
    .waitFor({ timeout: 20_000 });
  await shot(page, 'deadlines-dark');
  await page
    .getByRole('table', { name: 'Deadlines' })
    .getByRole('link', { name: /manual__/ })
    .click();
  await page.getByText(/deadline missed by/).waitFor();
  await page.getByRole('tab', { name: /Callbacks/ }).click();
  await page.getByText('the pager is off').first().waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Log of tellFinance' }).click();
  await page
    .getByText(/Error: the pager is off/)
    .first()
    .waitFor();
  await shot(page, 'callbacks-dark');
  expect(errors).toEqual([]);
  await context.close();
});

it('the inbox is readable in the dark and on a phone', { timeout: 120_000 }, async () => {
  const { page, context, errors } = await browser.newPage({ colorScheme: 'dark' });
  await page.goto(`${windlass.webUrl}/dags/payout?trigger=1`);
  await login(page);
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^(Trigger|Start)/ })
    .click();
  await page
    .getByRole('link', { name: /Required actions.*1/ })
    .first()
    .waitFor({ timeout: 30_000 });
  await page.goto(`${windlass.webUrl}/required_actions`);
  const question = page.getByRole('article', { name: /Pay out 14 regions/ }).first();
  await question.waitFor();
  await shot(page, 'actions-dark');
  await page.setViewportSize({ width: 390, height: 844 });
  await shot(page, 'actions-phone');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBe(0);
  expect(errors).toEqual([]);
  await context.close();
});
