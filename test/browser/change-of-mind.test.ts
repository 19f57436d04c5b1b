/** Goal: people see what changed between versions, and change many runs at once. A whole Windlass runs behind a real browser. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Standalone, startStandalone } from '#test/e2e/standalone-process.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { until } from '#test/support/until.ts';

let windlass: Standalone;
let browser: TestBrowser;

const FIRST = `import { dag } from 'windlass';

/** Counts what came in. */
export default dag('orders', { isPausedUponCreation: false }, ({ task }) => {
  const rows = task('extract', async () => 3);
  task('load', rows, async (count) => count, { retries: 1 });
});
`;
const SECOND = FIRST.replace('async () => 3', 'async () => 4').replace(
  "  task('load', rows, async (count) => count, { retries: 1 });",
  "  const stored = task('load', rows, async (count) => count, { retries: 3 });\n  task('report', stored, async (count) => count + ' orders');",
);

beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [] });
  browser = await startBrowser();
  const file = join(windlass.folder, 'dags', 'orders.ts');
  writeFileSync(file, FIRST);
  await until(() => windlass.api('GET', '/api/v2/dags/orders').then(() => true), { what: 'the DAG', deadlineMs: 30_000 });
  for (const runId of ['one', 'two', 'three'])
    await windlass.api('POST', '/api/v2/dags/orders/dagRuns', { logical_date: null, dag_run_id: runId });
  const ended = async () => {
    const { dag_runs: runs } = await windlass.api<{ dag_runs: { state: string }[] }>('GET', '/api/v2/dags/orders/dagRuns');
    return runs.length === 3 && runs.every((run) => run.state === 'success');
  };
  await until(ended, { what: 'three runs have ended', deadlineMs: 60_000 });
  writeFileSync(file, SECOND);
  const versions = () => windlass.api<{ total_entries: number }>('GET', '/api/v2/dags/orders/dagVersions');
  await until(async () => (await versions()).total_entries === 2, { what: 'the second version', deadlineMs: 30_000 });
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await windlass?.remove();
}, 60_000);

/** For a person to look at: WINDLASS_SHOTS=<folder>. */
async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env['WINDLASS_SHOTS'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}

async function open(path: string, colorScheme: 'light' | 'dark') {
  const opened = await browser.newPage({ colorScheme });
  await opened.page.goto(`${windlass.webUrl}${path}`);
  await opened.page.getByLabel('Username').fill('admin');
  await opened.page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
  await opened.page.getByRole('button', { name: 'Log in' }).click();
  return opened;
}

it.each(['light', 'dark'] as const)('a person compares two versions (%s)', { timeout: 60_000 }, async (scheme) => {
  const { page, context, errors } = await open('/dags/orders/code', scheme);
  await page.getByLabel('Compare with').selectOption('1');
  const changes = page.getByRole('region', { name: 'Changes of the DAG' });
  await changes.getByText('task load: retries 1 → 3').waitFor();
  await changes.getByText('task report').waitFor();
  await page.getByText("count + ' orders'").waitFor();
  await shot(page, `version-diff-${scheme}`);
  expect(errors).toEqual([]);
  await context.close();
});

it.each(['light', 'dark'] as const)(
  'a person chooses several runs and clears them on the newest version (%s)',
  { timeout: 90_000 },
  async (scheme) => {
    const { page, context, errors } = await open('/dags/orders/runs', scheme);
    await page.getByLabel('Select one').check();
    await page.getByLabel('Select two').check();
    await page.getByText('2 selected').waitFor();
    await page.getByRole('button', { name: 'Clear, mark or delete…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('On the newest version of the DAG').click();
    await dialog.getByText('6 task instances in 2 runs').waitFor();
    await shot(page, `bulk-dialog-${scheme}`);
    await dialog.getByRole('button', { name: /^Clear all ·/ }).click();
    await page.getByText('2 runs cleared').waitFor();
    await shot(page, `bulk-runs-${scheme}`);
    const again = async () => {
      const run = await windlass.api<{ state: string; dag_versions: { version_number: number }[] }>(
        'GET',
        '/api/v2/dags/orders/dagRuns/one',
      );
      return run.state === 'success' && run.dag_versions[0]?.version_number === 2;
    };
    await until(again, { what: 'the run has ended on the newest version', deadlineMs: 30_000 });
    expect(errors).toEqual([]);
    await context.close();
  },
);

it('a person deletes a run, and is told what cannot be undone', { timeout: 60_000 }, async () => {
  const { page, context, errors } = await open('/dags/orders/runs', 'light');
  await page.getByLabel('Select three').check();
  await page.getByRole('button', { name: 'Clear, mark or delete…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Delete', { exact: true }).click();
  await dialog.getByText(/with their task instances, results and history/).waitFor();
  await dialog.getByRole('button', { name: /^Delete · 1 run/ }).click();
  await page.getByText('1 run deleted').waitFor();
  await page.getByLabel('Select three').waitFor({ state: 'detached' });
  expect(errors).toEqual([]);
  await context.close();
});
