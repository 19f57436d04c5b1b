/** Names that Airflow's templates have or had, and Windlass's do not: what to write instead. */

const ASSETS = 'Of assets, templates know triggering_asset_events and partition_key; read the others in a task.';
const NO_NEXT = 'It is gone since Airflow 3, too.';

export const MISSING_NAMES: Readonly<Record<string, string>> = {
  execution_date: `${NO_NEXT} Use logical_date.`,
  next_execution_date: `${NO_NEXT} Use data_interval_end.`,
  prev_execution_date: `${NO_NEXT} Use data_interval_start.`,
  next_ds: `${NO_NEXT} Use data_interval_end | ds.`,
  next_ds_nodash: `${NO_NEXT} Use data_interval_end | ds_nodash.`,
  prev_ds: `${NO_NEXT} Use data_interval_start | ds.`,
  prev_ds_nodash: `${NO_NEXT} Use data_interval_start | ds_nodash.`,
  yesterday_ds: `${NO_NEXT} Use macros.ds_add(ds, -1).`,
  yesterday_ds_nodash: `${NO_NEXT} Use macros.ds_add(ds, -1) | replace("-", "").`,
  tomorrow_ds: `${NO_NEXT} Use macros.ds_add(ds, 1).`,
  tomorrow_ds_nodash: `${NO_NEXT} Use macros.ds_add(ds, 1) | replace("-", "").`,
  inlets: ASSETS,
  outlets: ASSETS,
  inlet_events: ASSETS,
  outlet_events: ASSETS,
  exception: 'It exists in callbacks only.',
  conf: 'The configuration of the run is dag_run.conf; that of Windlass is not shown to tasks.',
  templates_dict: 'Name the fields with templateFields instead.',
  map_index_template: 'Use the option label of map(…).',
  task_reschedule_count: 'Tasks are not told how often they were rescheduled.',
  test_mode: 'Tasks are not told.',
  namespace: "Jinja's namespace() is not available. Compute it in a task, or with | sum, | join, | map.",
  cycler: 'Use loop.cycle(…).',
  ctx: "Templates use Airflow's names: ds, params, ti, dag_run, …",
};
