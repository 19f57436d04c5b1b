/**
 * Goal: whatever people and tasks call things or say, the pages show it as text: nothing runs, no link leads to a script, no page gets
 * wider than its window, none reports an error. Method: everything that can hold text holds the worst, and all pages are walked.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatLogLine } from '#platform/logs/log-line.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import * as monitorRows from '../monitor/harness.ts';
import { aSpec, aTask, endInstance, instanceId, saveDag } from '../webserver/dag-fixtures.ts';
import { type Harness, PASSWORD, startHarness } from '../webserver/harness.ts';

/** Begins with what the pages must show. */
const EVIL = `evil<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'"\`}} \u202egnp.exe\u202c 🦀👩‍👩‍👧‍👦 ${'Ǆ'.repeat(60)} &lt;b&gt; %00 \${window.pwned=1}`;
const LINK = 'javascript:window.pwned=1';
const MARKDOWN = `# ${EVIL}\n\n[click](${LINK}) <a href="${LINK}">raw</a> ![x](${LINK})\n\n<iframe src="${LINK}"></iframe>\n\n${'x'.repeat(400)}\n\n| ${'wide '.repeat(80)} |\n|---|\n| ${'y'.repeat(300)} |`;
const ANSI = `\u001b[31mevil\u001b[0m \u001b]8;;${LINK}\u0007link\u001b]8;;\u0007 \u001b[2J\u001b[1;1H \r overwritten <b>${EVIL}`;
/** Ids are bounded and of few characters, but long. */
const LONG = (head: string) => `${head}_${'W'.repeat(230)}`;
const DAG = LONG('dag');
const RUN = LONG('run');
const TASK = LONG('task');

let web: Harness;
let monitor: monitorRows.Harness;
let browser: TestBrowser;
let urls: { readonly web: string; readonly monitor: string };

const listenOn = async (app: Harness['app']) => {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
};

async function seedWeb(): Promise<void> {
  const { db } = web;
  const failing = aTask(TASK, { docMd: MARKDOWN, displayName: EVIL, owner: EVIL, checks: [EVIL] });
  const spec = aSpec(DAG, {
    displayName: EVIL,
    description: EVIL,
    docMd: MARKDOWN,
    owner: EVIL,
    tags: ['evil<b>', 'e'.repeat(100)],
    schedule: { kind: 'custom', name: EVIL } as never,
    scheduleSummary: EVIL,
    // A script is no link to the spec's reader; this is what it takes.
    ownerLinks: { [EVIL]: `https://example.com/"><img src=x onerror="window.pwned=1">` },
    paramsDefaults: { text: EVIL, nested: { [EVIL]: EVIL } },
    paramsSchema: {
      type: 'object',
      properties: { text: { type: 'string', title: EVIL, description: MARKDOWN }, [EVIL]: { type: 'string' } },
    },
    tasks: [failing, aTask('fine', { upstream: [TASK], docMd: MARKDOWN })],
  });
  // A custom timetable needs a plugin; its words do not.
  await saveDag(db, { ...spec, schedule: { kind: 'none' } });
  await db.pool.query('update dag_version set source = $1', [
    `// ${EVIL}\n${'z'.repeat(500)}\nconst s = \`</script><script>window.pwned=1</script>\`;\n`,
  ]);
  const run = await web.request('POST', `/api/v2/dags/${DAG}/dagRuns`, {
    body: { dag_run_id: RUN, logical_date: null, conf: { [EVIL]: EVIL, deep: { a: [EVIL] } }, note: EVIL },
  });
  expect(run.status, run.text).toBe(200);
  const key = { dagId: DAG, runId: RUN, taskId: TASK };
  const id = await endInstance(db, key, 'failed');
  await db.pool.query('update task_attempt set error = $2, hostname = $3 where task_instance_id = $1', [
    id,
    { name: 'Evil<b>Error', message: EVIL, stack: `${EVIL}\n    at <anonymous>${'q'.repeat(400)}` },
    EVIL,
  ]);
  await db.pool.query('update task_instance set reason = $2, note = $3, map_label = $2 where task_instance_id = $1', [
    id,
    EVIL.slice(0, 200),
    EVIL.slice(0, 500),
  ]);
  await endInstance(db, { dagId: DAG, runId: RUN, taskId: 'fine' }, 'success');
  const fine = await instanceId(db, { dagId: DAG, runId: RUN, taskId: 'fine' });
  for (const [name, value] of [
    ['return_value', { [EVIL]: EVIL, html: MARKDOWN }],
    ['evil<b>', EVIL],
  ] as const)
    await db.pool.query(
      `insert into xcom (task_instance_id, key, attempt_id, value, bytes) select task_instance_id, $2, attempt_id, $3, 15 from task_attempt where task_instance_id = $1`,
      [fine, name, JSON.stringify(value)],
    );
  const path = logPath(web.config.logsFolder, { ...key, mapIndex: -1, tryNumber: 1 });
  mkdirSync(dirname(path), { recursive: true });
  const lines = [EVIL, ANSI, 'v'.repeat(3_000), MARKDOWN].map((event) =>
    formatLogLine({ timestamp: '2026-11-23T08:00:00.000Z', level: 'info', source: 'task', event, fields: { [EVIL]: EVIL } }),
  );
  writeFileSync(path, lines.join(''));
  await db.pool.query('insert into import_error (file_path, message, stack, line) values ($1, $2, $3, 3)', [
    `evil<b>${'f'.repeat(200)}.ts`,
    EVIL,
    `${EVIL} at bad.ts:3`,
  ]);
  await db.pool.query('insert into plugin (name, file_path, provides, error, links) values ($1, $2, $3, $4, $5)', [
    'evil',
    'plugins/evil<b>.ts',
    JSON.stringify({ macros: [EVIL] }),
    null,
    JSON.stringify([{ name: 'evil<b>', href: LINK, on: 'nav' }]),
  ]);
  await db.pool.query('insert into plugin (name, file_path, provides, error) values ($1, $2, $3, $4)', [
    'broken',
    'plugins/broken.ts',
    '{}',
    EVIL,
  ]);
  await db.pool.query('insert into asset (name, uri, asset_group, extra, is_active) values ($1, $2, $3, $4, true)', [
    EVIL,
    LINK,
    EVIL.slice(0, 100),
    JSON.stringify({ [EVIL]: EVIL }),
  ]);
  for (const [list, body] of [
    ['pools', { name: EVIL.slice(0, 200), slots: 1, description: MARKDOWN }],
    ['variables', { key: EVIL.slice(0, 200), value: EVIL, description: MARKDOWN }],
    [
      'connections',
      {
        connection_id: LONG('conn').slice(0, 200),
        conn_type: 'http',
        host: LINK,
        login: EVIL,
        description: MARKDOWN,
        extra: JSON.stringify({ [EVIL]: EVIL }),
      },
    ],
  ] as const)
    expect((await web.request('POST', `/api/v2/${list}`, { body })).status).toBe(201);
}

async function seedMonitor(): Promise<void> {
  const { db } = monitor;
  await monitorRows.aWorker(db, EVIL, { hostname: EVIL, queues: ['default', 'q'.repeat(200)], version: EVIL.slice(0, 50) });
  await monitorRows.aTask(db, { dagId: DAG, taskId: TASK, state: 'failed', error: `${EVIL} ${'q'.repeat(400)}`, queuedSecondsAgo: 5 });
  await monitorRows.aTask(db, {
    dagId: LONG('second'),
    taskId: LONG('waits'),
    state: 'queued',
    queue: 'u'.repeat(200),
    queuedSecondsAgo: 90,
  });
}

beforeAll(async () => {
  [web, monitor, browser] = await Promise.all([startHarness(), monitorRows.startHarness(), startBrowser()]);
  await Promise.all([seedWeb(), seedMonitor()]);
  urls = { web: await listenOn(web.app), monitor: await listenOn(monitor.app) };
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await Promise.all([web?.stop(), monitor?.stop()]);
});

const SHOTS = process.env['WINDLASS_TEST_SHOTS'];
const WIDTHS = [1_440, 420];

const run = `/dags/${DAG}/runs/${RUN}`;
const task = `${run}/tasks/${TASK}`;
/** What each page must show, so that it has been looked at when it was there. */
const PAGES: Readonly<Record<'web' | 'monitor', readonly (readonly [path: string, shows: string])[]>> = {
  web: [
    ['/', 'evil'],
    ['/dags', 'evil<img'],
    ['/runs', 'run_WWW'],
    ['/assets', 'evil<img'],
    ['/assets/1', 'evil<img'],
    ['/connections', 'conn_WWW'],
    ['/variables', 'evil<img'],
    ['/pools', 'evil<img'],
    ['/plugins', 'evil'],
    ['/required_actions', 'Required actions'],
    ['/deadlines', 'Deadlines'],
    [`/dags/${DAG}`, 'evil<img'],
    [`/dags/${DAG}/grid`, 'evil'],
    [`/dags/${DAG}/graph`, 'evil'],
    [`/dags/${DAG}/runs`, 'run_WWW'],
    [`/dags/${DAG}/code`, '<script>window.pwned'],
    [`/dags/${DAG}/details`, 'evil<img'],
    [run, 'task_WWW'],
    [`${run}/graph`, 'evil'],
    [`${run}/callbacks`, 'allback'],
    [`${run}/details`, 'evil<img'],
    [task, 'evil<img'],
    [`${run}/tasks/fine/output`, 'evil<img'],
    [`${task}/checks`, 'hecks'],
    [`${task}/attempts`, 'evil<img'],
    [`${task}/events`, 'failed'],
    [`${task}/details`, 'evil<img'],
    [`/dags/${encodeURIComponent(EVIL.slice(0, 100))}`, 'evil<img'],
    [`/${encodeURIComponent('<img src=x onerror="window.pwned=1">')}`, 'page'],
  ],
  monitor: [
    ['/', 'u'.repeat(50)],
    ['/workers', 'evil<img'],
    [`/workers/${encodeURIComponent(EVIL)}`, 'evil<img'],
    ['/tasks', 'dag_WWW'],
    [`/tasks?search=${encodeURIComponent('evil<img src=x onerror="window.pwned=1">')}`, 'asks'],
    ['/queues', 'u'.repeat(50)],
  ],
};

describe.each(['web', 'monitor'] as const)('every page of the %s', (which) => {
  let page: Page;
  let context: BrowserContext;
  let errors: readonly string[];
  const dialogs: string[] = [];

  beforeAll(async () => {
    ({ page, context, errors } = await browser.newPage());
    page.setDefaultTimeout(10_000);
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(urls[which]);
    await page.fill('input[name="username"]', 'admin');
    await page.fill('input[name="password"]', which === 'web' ? PASSWORD : monitorRows.PASSWORD);
    await page.click('button[type="submit"]');
    await page.locator('input[name="password"]').waitFor({ state: 'detached' });
  }, 60_000);
  afterAll(() => context?.close());

  it.each(PAGES[which].map(([path, shows], index) => [path.replaceAll(/W{9,}/g, 'W…').slice(0, 60), path, shows, index] as const))(
    '%s shows it all as text',
    async (name, path, shows, index) => {
      const before = errors.length;
      await page.goto(urls[which] + path);
      await page.waitForFunction((text) => document.body.textContent?.includes(text) === true, shows);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        if (SHOTS) await page.screenshot({ path: `${SHOTS}/${which}-${String(index).padStart(2, '0')}-${width}.png` });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(wide, `${name} is wider than a window of ${width} px, by`).toBeLessThanOrEqual(0);
      }
      const found = await page.evaluate(() => ({
        pwned: (window as unknown as { pwned?: unknown }).pwned ?? null,
        links: [...document.querySelectorAll('a[href], iframe[src], form[action], [formaction]')].flatMap((element) =>
          ['href', 'src', 'action', 'formaction']
            .map((attribute) => element.getAttribute(attribute) ?? '')
            .filter((target) => /^\s*(javascript|data|vbscript):/i.test(target)),
        ),
        strangers: document.querySelectorAll('img[src="x"], script:not([src]), iframe, object, embed').length,
      }));
      expect(found).toEqual({ pwned: null, links: [], strangers: 0 });
      expect(dialogs).toEqual([]);
      // A page about what is not there asks the server, and is told so.
      expect(errors.slice(before).filter((text) => !/status of 4(00|04|22)/.test(text))).toEqual([]);
    },
    20_000,
  );
});

it('a script that did run would be seen (control)', async () => {
  const { page, context } = await browser.newPage();
  await page.setContent('<img src=x onerror="window.pwned=1"><a href="javascript:window.pwned=2">x</a>');
  await page.waitForFunction(() => (window as unknown as { pwned?: unknown }).pwned === 1);
  await context.close();
});
