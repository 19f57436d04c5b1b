/** Goal: a frame is looked into on a task's page, its checks and blocks are told. Method: a whole Windlass and a browser. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Standalone, startStandalone } from '#test/e2e/standalone-process.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 60_000 });

let windlass: Standalone;
let browser: TestBrowser;
let page: Page;
let errors: readonly string[];
let run: string;
beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [new URL('./dags/framed.ts', import.meta.url).pathname] });
  browser = await startBrowser();
  ({ page, errors } = await browser.newPage());
  await page.goto(`${windlass.webUrl}/blocks`);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
  run = await until(
    async () => {
      const { dag_runs } = await windlass.api<{ dag_runs: { dag_run_id: string; state: string }[] }>('GET', '/api/v2/dags/framed/dagRuns');
      return dag_runs[0]?.state === 'failed' && encodeURIComponent(dag_runs[0].dag_run_id);
    },
    { what: 'the run has ended', deadlineMs: 40_000 },
  );
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await windlass?.remove();
}, 60_000);

const open = (path: string) => page.goto(`${windlass.webUrl}/dags/framed/runs/${run}/tasks/${path}`);
const frame = () => page.getByRole('table', { name: 'Frame' });

it('lists each block with the tasks that are made from it', async () => {
  await page.getByRole('row').filter({ hasText: 'load_trips' }).getByText('Data loader').last().waitFor();
  await page.getByRole('link', { name: 'framed / load' }).waitFor();
});

it('shows a frame with types, nulls and spreads, and draws only the rows in sight', async () => {
  await open('load/output');
  await page.getByText('200,000 rows × 5 columns').waitFor();
  const head = (column: string) => frame().getByRole('columnheader').filter({ hasText: column });
  await head('fare').getByText('7.7 % null').waitFor();
  await head('fare').getByRole('img').waitFor();
  await head('at').getByText('2021-01-01 – 2021-01-31').waitFor();
  await head('zone').getByText('4 values').waitFor();
  const first = frame().getByRole('row').nth(1);
  expect((await first.getByRole('cell').allTextContents()).slice(0, 3)).toEqual(['0', "O'Hare", 'null']);
  expect(await frame().getByRole('row').count()).toBeLessThan(60);

  await frame().evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
  const last = frame().getByRole('row').filter({ hasText: '199999' });
  await last.waitFor();
  expect(await last.getByRole('cell').allTextContents()).toEqual(['199999', 'null', '49.63', '2021-01-19 07:30:00', 'false']);
});

it('tells more of a column that is chosen', async () => {
  await open('sum/output');
  await frame().getByRole('columnheader').filter({ hasText: 'trips' }).getByRole('button').click();
  const more = page.getByRole('region', { name: 'Column trips' });
  await more.getByText('40,000').or(more.getByText('40000')).first().waitFor();
  await more.getByRole('img', { name: 'Histogram of trips' }).waitFor();
});

it('shows what each check found, and the message of the one that failed', async () => {
  await open('broken/checks');
  const checks = page.getByRole('list', { name: 'Checks' }).getByRole('listitem');
  await checks.nth(1).waitFor();
  expect(await checks.allTextContents()).toEqual(['some rowsthere are no rows, but 12 were expectedfailed', 'not too manypassed']);
});

it('reports no error of a page', async () => {
  expect(errors).toEqual([]);
});
