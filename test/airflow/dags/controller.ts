import { Bundle, Dag, triggerDagRun } from '@apache-airflow/ts-sdk';

const target = new Dag('airflow_target');
target.task('report', () => 'reported')();

const controller = new Dag('airflow_controller');
const prepared = controller.task('prepare', () => 'ready')();
// Both ways of writing it.
const started = controller.task(triggerDagRun({ dagId: 'airflow_target', conf: { by: '{{ dag.dag_id }}' } }), { taskId: 'start' })();
const awaited = controller.triggerDagRun({ taskId: 'start_and_wait', dagId: 'airflow_target', waitForCompletion: true, pokeInterval: 1 });
const done = controller.task('done', () => 'done')();
prepared.before(started, awaited);
done.after(started, awaited);

await new Bundle(target, controller).serve();
