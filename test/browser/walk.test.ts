/**
 * Goal: what a person does first works in a real browser: log in, find a DAG, trigger it with params, watch it turn
 * green without a reload, read its log, pause it; and see the worker on the monitor. A whole Windlass runs behind it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Standalone, startStandalone } from '#test/e2e/standalone-process.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { until } from '#test/support/until.ts';

const DAG_FILE = new URL('./dags/walked.ts', import.meta.url).pathname;
let windlass: Standalone;
let browser: TestBrowser;

beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [DAG_FILE] });
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await windlass?.remove();
}, 60_000);

async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
}

describe('a person at the browser', { timeout: 60_000 }, () => {
  it('is told when the password is wrong', async () => {
    const { page, context } = await browser.newPage();
    await page.goto(windlass.webUrl);
    await page.getByLabel('Username').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('not it');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    await context.close();
  });

  it('logs in, triggers a DAG with params, watches it turn green and reads the log', async () => {
    const { page, context, errors } = await browser.newPage();
    await logIn(page, `${windlass.webUrl}/dags`);
    await page.getByRole('link', { name: 'walked' }).first().click();
    // Until the DAG's page has loaded, the list with a Trigger button of its own is still there.
    await page.getByRole('heading', { name: 'walked' }).waitFor();

    await page
      .getByRole('button', { name: /^Trigger/ })
      .first()
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('name', { exact: false }).first().fill('tester');
    await dialog.getByRole('button', { name: 'Trigger run' }).click();

    await page.getByText('Success').first().waitFor({ timeout: 30_000 });
    await page.getByRole('link', { name: 'say', exact: true }).first().click();
    const log = page.getByRole('log');
    await log.getByText('said: TESTER 0 and TESTER 1').waitFor();
    // What a task prints is text, never markup.
    await log.getByText('<img src=x onerror=alert(1)>').waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('is refused a param that does not fit, with the reason beside it', async () => {
    const { page, context } = await browser.newPage();
    await logIn(page, `${windlass.webUrl}/dags/walked`);
    await page
      .getByRole('button', { name: /^Trigger/ })
      .first()
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('name', { exact: false }).first().fill('x');
    await dialog.getByRole('button', { name: 'Trigger run' }).click();
    await dialog.getByRole('alert').first().waitFor();
    await context.close();
  });

  it('pauses a DAG with a switch that the next page load still shows', async () => {
    const { page, context } = await browser.newPage();
    await logIn(page, `${windlass.webUrl}/dags`);
    const toggle = page.getByRole('switch', { name: /walked/ });
    await toggle.click();
    await until(async () => (await windlass.api<{ is_paused: boolean }>('GET', '/api/v2/dags/walked')).is_paused, { what: 'the pause' });
    await page.reload();
    expect(await page.getByRole('switch', { name: /walked/ }).getAttribute('aria-checked')).toBe('false');
    await page.getByRole('switch', { name: /walked/ }).click();
    await until(async () => !(await windlass.api<{ is_paused: boolean }>('GET', '/api/v2/dags/walked')).is_paused, {
      what: 'the end of the pause',
    });
    await context.close();
  });

  it('sees a new DAG and a broken file without reloading the page', async () => {
    const { page, context } = await browser.newPage();
    await logIn(page, `${windlass.webUrl}/dags`);
    await page.getByRole('link', { name: 'walked' }).first().waitFor();
    const savedAt = performance.now();
    writeFileSync(
      join(windlass.folder, 'dags', 'fresh.ts'),
      'import { dag } from "windlass";\nexport default dag("fresh_from_disk", {}, ({ task }) => {\n  task("a", () => 1);\n});\n',
    );
    await page.getByRole('link', { name: 'fresh_from_disk' }).first().waitFor();
    expect(performance.now() - savedAt, 'ms from save to page').toBeLessThan(5_000);
    writeFileSync(
      join(windlass.folder, 'dags', 'broken.ts'),
      'import { dag } from "windlass";\nexport default dag("b", {}, ({ task }) => {\n  task("a", () => ;\n});\n',
    );
    await page.getByText('broken.ts').first().waitFor();
    await context.close();
  });

  it('sees the worker and what it did on the monitor, with the same login', async () => {
    const { page, context, errors } = await browser.newPage({ colorScheme: 'dark' });
    await logIn(page, windlass.webUrl);
    await page.getByRole('link', { name: 'DAGs' }).first().waitFor();
    await page.goto(`${windlass.monitorUrl}/workers`);
    await page
      .getByText(/^worker-/)
      .first()
      .waitFor();
    await page.goto(`${windlass.monitorUrl}/tasks`);
    await page.getByText('say').first().waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });
});
