/**
 * Goal: assets work from the file to the page: a task makes one, a person says that another was updated, a DAG runs on
 * both and knows why. Method: a whole Windlass and a browser.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Standalone, startStandalone } from '#test/e2e/standalone-process.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { until } from '#test/support/until.ts';

const DAG_FILE = new URL('./dags/shop.ts', import.meta.url).pathname;
const CATALOGUE_FILE = new URL('./dags/catalogue.ts', import.meta.url).pathname;
let windlass: Standalone;
let browser: TestBrowser;

interface Run {
  readonly dag_run_id: string;
  readonly state: string;
  readonly partition_key: string | null;
}

const runsOf = async (dagId: string) =>
  (await windlass.api<{ dag_runs: readonly Run[] }>('GET', `/api/v2/dags/${dagId}/dagRuns?run_type=asset_triggered`)).dag_runs;
const resultOf = async (dagId: string, runId: string, taskId: string) =>
  (
    await windlass.api<{ value: unknown }>(
      'GET',
      `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}/taskInstances/${taskId}/xcomEntries/return_value`,
    )
  ).value;

async function firstSuccess(dagId: string): Promise<Run> {
  let run: Run | undefined;
  await until(
    async () => {
      run = (await runsOf(dagId)).find((one) => one.state === 'success');
      return run !== undefined;
    },
    { what: `a run of ${dagId} succeeded` },
  );
  return run as Run;
}

beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [DAG_FILE, CATALOGUE_FILE] });
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await windlass?.remove();
}, 60_000);

describe('assets', { timeout: 90_000 }, () => {
  it('are made by a button, updated by another, and run what waits for both', async () => {
    const { page, errors } = await browser.newPage();
    await page.goto(`${windlass.webUrl}/assets`);
    await page.getByLabel('Username').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('link', { name: 'orders' }).click();
    await page.getByText('0 of 2 assets ready').waitFor();
    // The address of an asset stands for itself, beside the scripts that the build puts under /assets/.
    await page.reload();
    await page.getByText('0 of 2 assets ready').waitFor();
    await page.getByRole('button', { name: 'Materialize' }).click();
    await page.getByText('Success').first().waitFor();
    await page.goto(`${windlass.webUrl}/dags/shop_report`);
    await page.getByText('1 of 2 ready').waitFor();
    await page.getByRole('link', { name: 'rates' }).click();
    await page.getByRole('link', { name: 'rates' }).click();
    await page.getByRole('button', { name: 'Create event' }).click();
    await page.getByLabel('Extra').fill('{ "eur": 1.1 }');
    await page.getByRole('dialog').getByRole('button', { name: 'Create event' }).click();
    await page
      .getByRole('link', { name: /shop_report/ })
      .last()
      .waitFor();
    const run = await firstSuccess('shop_report');
    expect(await resultOf('shop_report', run.dag_run_id, 'write')).toBe(1200);
    await page.goto(`${windlass.webUrl}/dags/shop_report/runs/${encodeURIComponent(run.dag_run_id)}/details`);
    await page.getByText('Made by these events').waitFor();
    await page.getByText('From outside').waitFor();
    expect(errors).toEqual([]);
  });

  it('have versions, found by a column, with what changed and what they are made of', async () => {
    const columns = ['trip_id', 'zone'];
    await windlass.api('POST', '/api/v2/dags/zone_list/dagRuns', { logical_date: null });
    await windlass.api('POST', '/api/v2/dags/clean_trips/dagRuns', { logical_date: null, conf: { rows: 1500 } });
    await firstSuccess('sum_fares');
    await windlass.api('POST', '/api/v2/dags/clean_trips/dagRuns', { logical_date: null, conf: { rows: 700, columns } });
    const { page, errors } = await browser.newPage();
    await page.goto(`${windlass.webUrl}/assets?search=trip_id`);
    await page.getByLabel('Username').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('link', { name: 'trips', exact: true }).click();
    await page.getByText('− fare Float64').waitFor();
    await page.getByRole('img', { name: /1,500 rows/ }).waitFor();
    await page.getByRole('tab', { name: 'Preview' }).click();
    await page.getByRole('cell', { name: 'JFK' }).first().waitFor();
    await page.getByRole('link', { name: /^fares/ }).click();
    await page.getByRole('tab', { name: /^Columns/ }).click();
    await page.getByText('trips.fare').waitFor();
    await page.getByText('trips.tip').waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(errors).toEqual([]);
  });

  it('say of each column where it came from, through frames, and where nobody knows', async () => {
    await firstSuccess('zones_of_day');
    const { page, errors } = await browser.newPage();
    await page.goto(`${windlass.webUrl}/assets?search=by_zone`);
    await page.getByLabel('Username').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('link', { name: 'by_zone', exact: true }).click();
    await page.getByRole('tab', { name: /^Columns/ }).click();
    const row = (column: string) => page.getByRole('row', { name: new RegExp(`^${column} `) });
    await row('total').getByText('raw.fare').waitFor();
    await row('total').getByText('through fetch → double').waitFor();
    await row('surge').getByText('of the frame of fetch, through double, not known further back').waitFor();
    await row('currency').getByText('no column').waitFor();
    await page.getByRole('tab', { name: 'Preview' }).click();
    await page.getByRole('table', { name: 'Preview' }).getByRole('cell', { name: 'EWR' }).waitFor();
    await page.getByText(/^2 rows, of version \d+/).waitFor();
    await page.getByText('50 % null').waitFor();
    expect(errors).toEqual([]);
  });

  it('of a partition run once for it, with its key', async () => {
    const run = await firstSuccess('click_day');
    expect(run.partition_key).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(await resultOf('click_day', run.dag_run_id, 'sum')).toBe(run.partition_key);
  });
});
