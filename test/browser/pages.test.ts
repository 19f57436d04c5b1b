/**
 * Goal: every page opens from every other one, shows what it should, fits small screens, and breaks nowhere. A whole
 * Windlass runs behind it; whatever a page reports as an error fails the test.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Standalone, startStandalone } from '#test/e2e/standalone-process.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { until } from '#test/support/until.ts';

const DAG_FILE = new URL('./dags/stumbles.ts', import.meta.url).pathname;
let windlass: Standalone;
let browser: TestBrowser;
let runId: string;

beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [DAG_FILE] });
  browser = await startBrowser();
  const run = await windlass.api<{ dag_run_id: string }>('POST', '/api/v2/dags/stumbles/dagRuns', { logical_date: null }, 200);
  runId = run.dag_run_id;
  const path = `/api/v2/dags/stumbles/dagRuns/${encodeURIComponent(runId)}`;
  await until(async () => (await windlass.api<{ state: string }>('GET', path)).state === 'failed', { what: 'the run failed' });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await windlass?.remove();
}, 60_000);

async function open(page: Page, path: string): Promise<void> {
  await page.goto(windlass.webUrl + path);
  await logIn(page);
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
}

const runPath = () => `/dags/stumbles/runs/${encodeURIComponent(runId)}`;

describe('the pages', { timeout: 60_000 }, () => {
  it('open one after the other, there and back', async () => {
    const { page, context, errors } = await browser.newPage();
    await open(page, '/dags/stumbles');
    const tab = (name: string) => page.getByRole('tab', { name: new RegExp(`^${name}`) }).click();
    for (const round of ['there', 'back']) {
      await tab('Grid');
      await page.getByRole('button', { name: /middle\.broken in .*: failed/ }).waitFor();
      await tab('Graph');
      await page.getByRole('link', { name: 'middle.broken: failed' }).waitFor();
      await tab('Code');
      await page.getByText('the rope has torn').waitFor();
      await tab('Runs');
      await page.getByRole('link', { name: runId }).waitFor();
      await tab('Details');
      await page.getByText('all_success').first().waitFor();
      await tab('Overview');
      await page.getByText('Last failures').waitFor();
      expect(errors, round).toEqual([]);
    }
    await page.getByRole('link', { name: runId }).first().click();
    await tab('Graph');
    // The graph may still settle into its place under the pointer.
    await until(
      async () => {
        if (!page.url().includes('/tasks/middle.after'))
          await page.getByRole('link', { name: 'middle.after: upstream failed' }).click({ timeout: 2_000 });
        return page.url().includes('/tasks/middle.after');
      },
      { what: 'the page of the task', deadlineMs: 20_000, pollMs: 300 },
    );
    await page.getByText('No log yet').waitFor();
    for (const name of ['Output', 'Attempts', 'Events', 'Details', 'Logs']) await tab(name);
    await page.getByRole('link', { name: 'Home', exact: true }).click();
    await page.getByText('Recent failures').waitFor();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.getByRole('link', { name: runId }).waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('show a failed cell in the side panel with the end of its log, and keep the choice in the address', async () => {
    const { page, context, errors } = await browser.newPage({ colorScheme: 'dark' });
    await open(page, '/dags/stumbles/grid');
    await page.getByRole('button', { name: /middle\.broken in .*: failed/ }).click();
    const panel = page.getByRole('complementary', { name: 'middle.broken' });
    await panel.getByText('the rope has torn').first().waitFor();
    await page.reload();
    await panel.getByRole('link', { name: 'Open logs' }).click();
    await page.getByRole('log').getByText('Error: the rope has torn').waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('find text in a log and lead to a line by its address', async () => {
    const { page, context, errors } = await browser.newPage();
    await open(page, `${runPath()}/tasks/start`);
    await page.getByLabel('Search the log').fill('step 250');
    await page.getByRole('log').getByText('step 250').waitFor();
    await page.goto(`${windlass.webUrl}${runPath()}/tasks/start#L200`);
    await page.getByRole('log').getByText('step 199', { exact: true }).waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('list what clearing will touch before they clear it', async () => {
    const { page, context } = await browser.newPage();
    await open(page, runPath());
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    const dialog = page.getByRole('dialog');
    const affected = dialog.getByRole('list', { name: 'Affected task instances' });
    await affected.getByText('middle.broken').waitFor();
    expect(await affected.getByRole('listitem').count()).toBe(2);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect((await windlass.api<{ state: string }>('GET', `/api/v2${runPath().replace('/runs/', '/dagRuns/')}`)).state).toBe('failed');
    await context.close();
  });

  it('can be reached by keyboard: palette and help sheet', async () => {
    const { page, context, errors } = await browser.newPage();
    await open(page, '/');
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys and states' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('stumb');
    await page.getByRole('option', { name: /^stumbles/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'stumbles' }).waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('say so when something does not exist', async () => {
    const { page, context } = await browser.newPage();
    await open(page, '/dags/nobody');
    await page.getByText('The DAG “nobody” does not exist').waitFor();
    await context.close();
  });

  it('lead to the login page when the session ends, and back to the same page', async () => {
    const { page, context } = await browser.newPage();
    await open(page, '/dags/stumbles/grid?limit=10');
    await page.getByLabel('Number of runs').waitFor();
    await context.clearCookies();
    await page.reload();
    await logIn(page);
    await page.getByLabel('Number of runs').waitFor();
    expect(new URL(page.url()).search).toBe('?limit=10');
    await context.close();
  });

  it('fit a phone', async () => {
    const { page, context, errors } = await browser.newPage();
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page, '/');
    await page.getByRole('navigation', { name: 'Main, small' }).waitFor();
    for (const path of ['/', '/dags', '/runs', '/dags/stumbles', '/dags/stumbles/grid', runPath()]) {
      await page.goto(windlass.webUrl + path);
      await page.locator('main').getByText('stumbles').first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390);
    }
    expect(errors).toEqual([]);
    await context.close();
  });
});
