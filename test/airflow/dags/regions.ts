// A file as authors write it for Airflow's own TypeScript SDK: nothing in it knows of Windlass.
import { Bundle, Dag, getClient, getContext, label } from '@apache-airflow/ts-sdk';

interface RegionRows {
  readonly region: string;
  readonly rows: number;
}

const dag = new Dag('airflow_regions', {
  schedule: '@daily',
  catchup: false,
  tags: ['typescript', 'native'],
  description: 'Counts rows by region and publishes.',
  dagrunTimeout: 3600,
  queue: 'typescript',
});

const extract = dag.taskGroup('extract');
const extractNorth = extract.task('north', async (): Promise<RegionRows> => {
  const configured = await getClient().getVariable('north_rows');
  return { region: 'north', rows: Number(configured ?? 3) };
});
const extractSouth = extract.task('south', async (): Promise<RegionRows> => ({ region: 'south', rows: 0 }), {
  retries: 2,
  retryDelay: 1,
  executionTimeout: 60,
});

const summarize = dag.task('summarize', async ({ north, south }: { north: RegionRows; south: RegionRows }) => {
  const total = north.rows + south.rows;
  await getClient().setXCom({ key: 'region_total', value: total });
  return { total, regions: 2 };
});
const summarized = summarize({ north: extractNorth(), south: extractSouth() });

const loadRows = dag.task('load_rows', async () => {
  const total = await getClient().getXCom<number>({ key: 'region_total', taskId: 'summarize' });
  return { loaded: total ?? -1 };
});
const loaded = loadRows();
const reportedEmpty = dag.task('report_empty', async () => ({ loaded: 0 }))();
const gated = dag.task('has_rows', async ({ summary }: { summary: { total: number } }) => summary.total > 0)({ summary: summarized });
dag.if(gated).then(loaded).else(reportedEmpty);

const daily = dag.task('publish_daily', async () => ({ cadence: 'daily' }))();
const weekly = dag.task('publish_weekly', async () => ({ cadence: 'weekly' }))();
const pickCadence = dag.task('pick_cadence', async () => ((await getClient().getVariable('cadence')) === 'weekly' ? weekly : daily));
const picked = pickCadence();
dag.switch(picked).case(daily).case(weekly);

const cleaned = dag.task('cleanup', async () => `${getContext().dagId}/${getContext().taskId}/${getContext().tryNumber}`, {
  triggerRule: 'all_done',
})();
cleaned.after(loaded, label(reportedEmpty, 'nothing to load'), daily, weekly);
extract.before(picked);

await new Bundle(dag).serve();
