/**
 * Goal: connections, variables and pools are made, changed and deleted on their pages, tasks get them, and each page says
 * where a value stands. Method: a whole Windlass and a browser.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Standalone, startStandalone } from '#test/e2e/standalone-process.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import { until } from '#test/support/until.ts';

let windlass: Standalone;
let browser: TestBrowser;
let page: Page;
let errors: readonly string[];

beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [new URL('./dags/settings_user.ts', import.meta.url).pathname] });
  writeFileSync(join(windlass.folder, 'io_config.yaml'), 'default:\n  MYSQL_HOST: mysql.example\n  MYSQL_PASSWORD: hush-hush\n');
  browser = await startBrowser();
  ({ page, errors } = await browser.newPage());
  await page.goto(`${windlass.webUrl}/connections`);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(windlass.adminPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await windlass?.remove();
}, 60_000);

const row = (text: string) => page.getByRole('row').filter({ hasText: text });
const save = () => page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();

describe('the pages for connections, variables and pools', { timeout: 90_000 }, () => {
  it('say where each connection stands, and keep a password when the rest is changed', async () => {
    await row('mysql').getByText('io_config.yaml').waitFor();
    await row('warehouse').getByText('Environment').waitFor();
    await page.getByRole('button', { name: 'Test warehouse' }).click();
    await row('warehouse')
      .getByText(/^Postgres \d+\.\d+, database/)
      .waitFor();
    await page.getByRole('button', { name: 'Test mysql' }).click();
    await row('mysql')
      .getByText(/MySQL connection "mysql" .* cannot be opened/)
      .waitFor();
    await page.getByRole('button', { name: 'New connection' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Connection id').fill('orders_db');
    await dialog.getByLabel('Host').fill('old.example');
    await dialog.getByLabel('Port').fill('99999');
    await dialog.getByLabel('Password').fill('tall/ship@42');
    await save();
    await dialog.getByText('A number up to 65535.').waitFor();
    await dialog.getByLabel('Host').fill('127.0.0.1');
    await dialog.getByLabel('Port').fill('1');
    await dialog.getByRole('button', { name: 'Test' }).click();
    await dialog.getByText(/nothing listens there/).waitFor();
    expect(
      (await windlass.api<{ connections: readonly { connection_id: string }[] }>('GET', '/api/v2/connections')).connections,
    ).not.toContainEqual(expect.objectContaining({ connection_id: 'orders_db' }));
    await dialog.getByLabel('Host').fill('old.example');
    await dialog.getByText(/nothing listens there/).waitFor({ state: 'detached' });
    await dialog.getByLabel('Port').fill('6543');
    await save();
    await row('orders_db').getByText('old.example:6543').waitFor();

    await page.getByRole('button', { name: 'Edit orders_db' }).click();
    await dialog.getByLabel('Host').fill('new.example');
    await save();
    await row('orders_db').getByText('new.example:6543').waitFor();
    expect(await page.content()).not.toMatch(/tall\/ship|hush-hush/);
  });

  it('make variables and pools that tasks then use', async () => {
    await page.getByRole('link', { name: 'Variables' }).click();
    await page.getByRole('button', { name: 'New variable' }).click();
    await page.getByRole('dialog').getByLabel('Key').fill('region');
    await page.getByRole('dialog').getByLabel('Value').fill('north');
    await save();
    await row('region').getByText('north').waitFor();

    await page.getByRole('link', { name: 'Pools' }).click();
    await page.getByRole('button', { name: 'New pool' }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('tiny');
    await page.getByRole('dialog').getByRole('textbox', { name: 'Slots' }).fill('1');
    await save();
    await row('tiny').getByText('0 of 1').waitFor();
    expect(await resultOfRun()).toEqual({
      host: 'new.example',
      port: 6543,
      passwordIsRight: true,
      profiled: 'mysql.example',
      region: 'north',
    });
  });

  it('delete what is asked for, after asking back', async () => {
    await page.getByRole('button', { name: 'Delete tiny' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row('tiny').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Connections' }).click();
    await page.getByRole('button', { name: 'Delete orders_db' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await row('orders_db').waitFor();
    expect(errors).toEqual([]);
  });

  it('say what is wrong with io_config.yaml', async () => {
    writeFileSync(join(windlass.folder, 'io_config.yaml'), 'default:\n  MYSQL_HOTS: mysql.example\n');
    await page.reload();
    await page.getByText('MYSQL_HOTS is no key of a profile. Did you mean MYSQL_HOST?').waitFor();
    await row('orders_db').waitFor();
  });
});

async function resultOfRun(): Promise<unknown> {
  const path = '/api/v2/dags/settings_user/dagRuns';
  const { dag_run_id: runId } = await windlass.api<{ dag_run_id: string }>('POST', path, { logical_date: null });
  await until(async () => ['success', 'failed'].includes((await windlass.api<{ state: string }>('GET', `${path}/${runId}`)).state), {
    what: 'the run ended',
  });
  return (await windlass.api<{ value: unknown }>('GET', `${path}/${runId}/taskInstances/ask/xcomEntries/return_value`)).value;
}
