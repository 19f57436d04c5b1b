// Goal: names, owners, colours and the links of plugins are where Airflow has them, and on the pages' own API.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSpec, aTask, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
let runId: string;

beforeAll(async () => {
  web = await startHarness();
  const tasks = [
    aTask('extract', {
      displayName: 'Read the orders',
      owner: 'ada',
      uiColor: '#e0a030',
      uiFgcolor: 'black',
      docs: [{ format: 'yaml', text: 'a: 1' }],
    }),
    aTask('load', { upstream: ['extract'], operator: 'sql', groupId: 'g' }),
  ];
  const group = {
    groupId: 'g',
    parentId: null,
    docMd: null,
    collapsed: false,
    displayName: 'The group',
    tooltip: 'All of it',
    uiColor: 'crimson',
  };
  await saveDag(
    web.db,
    aSpec('sales', {
      displayName: 'Größe der Lager',
      ownerLinks: { 'data team': 'mailto:data@example.com' },
      tasks,
      groups: [group],
      edgeLabels: [{ from: 'extract', to: 'load', text: 'rows found' }],
    }),
  );
  await saveDag(web.db, aSpec('plain'));
  const links = [
    { name: 'Logs', href: 'https://logs.example.com/?q={dag_id}.{task_id}', on: 'task', operators: null },
    { name: 'Query', href: 'https://sql.example.com/{run_id}', on: 'task', operators: ['sql'] },
    { name: 'Wiki', href: 'https://wiki.example.com', on: 'nav', operators: null },
  ];
  await web.db.pool.query(
    `insert into plugin (name, file_path, provides, links, error, faults, last_fault, faulted_at) values
       ('company', 'company.ts', '{"links": ["Logs", "Query", "Wiki"], "listeners": ["onDagRunFailed"]}', $1, null, 2, 'onDagRunFailed failed: 503', clock_timestamp()),
       ('broken', 'broken.ts', '{}', '[]', 'it has no default export', 0, null, null)`,
    [JSON.stringify(links)],
  );
  const run = await web.request('POST', '/api/v2/dags/sales/dagRuns', { body: { logical_date: null } });
  runId = run.json.dag_run_id;
});
afterAll(() => web.stop());

describe('names, owners and colours', () => {
  it('are in the REST API as Airflow has them', async () => {
    const dag = (await web.request('GET', '/api/v2/dags/sales/details')).json;
    expect(dag).toMatchObject({ dag_display_name: 'Größe der Lager', owner_links: { 'data team': 'mailto:data@example.com' } });
    const task = (await web.request('GET', '/api/v2/dags/sales/tasks/extract')).json;
    expect(task).toMatchObject({ task_display_name: 'Read the orders', owner: 'ada', ui_color: '#e0a030', ui_fgcolor: 'black' });
    expect((await web.request('GET', '/api/v2/dags/plain/details')).json).toMatchObject({ dag_display_name: 'plain', owner_links: {} });
  });

  it('are searched by name, in the API and on the page', async () => {
    const found = await web.request('GET', `/api/v2/dags?dag_display_name_pattern=${encodeURIComponent('%der Lager%')}`);
    expect(found.json.dags.map((dag: { dag_id: string }) => dag.dag_id)).toEqual(['sales']);
    const onPage = await web.request('GET', `/ui/api/dags?search=${encodeURIComponent('größe')}`);
    expect(onPage.json.dags).toMatchObject([{ dagId: 'sales', displayName: 'Größe der Lager' }]);
  });

  it('come to the page of a DAG with its groups and the words on its edges', async () => {
    const dag = (await web.request('GET', '/ui/api/dags/sales')).json;
    expect(dag.tasks).toMatchObject([
      { taskId: 'extract', displayName: 'Read the orders', owner: 'ada', uiColor: '#e0a030', docs: [{ format: 'yaml', text: 'a: 1' }] },
      { taskId: 'load', edgeLabels: { extract: 'rows found' } },
    ]);
    expect(dag.groups).toEqual([{ groupId: 'g', parentId: null, displayName: 'The group', tooltip: 'All of it', uiColor: 'crimson' }]);
  });
});

describe('plugins', () => {
  const links = (taskId: string) =>
    web.request('GET', `/api/v2/dags/sales/dagRuns/${encodeURIComponent(runId)}/taskInstances/${taskId}/links`);

  it('link from task instances, all of them or those of some operators', async () => {
    expect((await links('extract')).json).toEqual({ extra_links: { Logs: 'https://logs.example.com/?q=sales.extract' }, total_entries: 1 });
    expect((await links('load')).json).toEqual({
      extra_links: { Logs: 'https://logs.example.com/?q=sales.load', Query: `https://sql.example.com/${encodeURIComponent(runId)}` },
      total_entries: 2,
    });
    expect((await links('nowhere')).status).toBe(404);
  });

  it('are listed with what they offer; those that fail or do not load are named', async () => {
    const { plugins } = (await web.request('GET', '/api/v2/plugins')).json;
    expect(plugins).toMatchObject([
      {
        name: 'company',
        listeners: ['onDagRunFailed'],
        global_operator_extra_links: ['Logs'],
        operator_extra_links: ['Query'],
        external_views: [{ name: 'Wiki', destination: 'nav' }],
      },
    ]);
    expect((await web.request('GET', '/api/v2/plugins/importErrors')).json.import_errors).toEqual([
      { source: 'broken.ts', error: 'it has no default export' },
      { source: 'company.ts', error: 'company is loaded, but failed 2 times; last: onDagRunFailed failed: 503' },
    ]);
    const page = (await web.request('GET', '/ui/api/plugins')).json.plugins;
    expect(page).toMatchObject([
      { name: 'broken', error: 'it has no default export', links: [] },
      { name: 'company', faults: 2, lastFault: 'onDagRunFailed failed: 503', offers: [{ kind: 'listeners' }, { kind: 'links' }] },
    ]);
  });
});
