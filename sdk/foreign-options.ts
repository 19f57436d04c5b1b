/** Options that authors bring from Airflow and that are not options here: what to write instead, in words. */

interface Foreign {
  /** Where it applies: the first word of "DAG ..." or "task ..."; absent = everywhere. */
  readonly of?: 'DAG' | 'task';
  readonly instead: string;
}

const E_MAIL = 'E-mail options are deprecated in Airflow. Use onFailureCallback or onRetryCallback with a notifier.';
const ONE_EXECUTOR = 'There is one executor here. To choose which workers run the task, use "queue".';
const DEADLINES = 'SLAs were removed in Airflow 3. Use "deadline" of the DAG.';

/** By camelCase name; an option written in snake_case is looked up in camelCase. */
const FOREIGN: Readonly<Record<string, Foreign>> = {
  dagId: { instead: 'The id is the first argument: dag("my_dag", { … }, …).' },
  taskId: { instead: 'The id is the first argument: task("my_task", …).' },
  groupId: { instead: 'The id is the first argument: group("my_group", …).' },
  scheduleInterval: { of: 'DAG', instead: 'It was removed in Airflow 3. Use "schedule".' },
  timetable: { of: 'DAG', instead: 'Use "schedule": timetable("name", args).' },
  executionDate: { instead: 'It was removed in Airflow 3. A handler reads ctx.run.logicalDate.' },
  concurrency: { of: 'DAG', instead: 'It was removed in Airflow. Use "maxActiveTasks".' },
  taskConcurrency: { instead: 'It was removed in Airflow. Use "maxActiveTisPerDag".' },
  sla: { instead: DEADLINES },
  slaMissCallback: { instead: DEADLINES },
  dagDisplayName: { instead: 'Use "displayName".' },
  taskDisplayName: { instead: 'Use "displayName".' },
  groupDisplayName: { instead: 'Use "displayName".' },
  accessControl: { of: 'DAG', instead: 'Airflow has deprecated it. Permissions belong to the roles of users.' },
  defaultView: { of: 'DAG', instead: 'It was removed in Airflow. The page remembers its view by itself.' },
  orientation: { of: 'DAG', instead: 'It was removed in Airflow. The direction of the graph is chosen on its page.' },
  failStop: { of: 'DAG', instead: 'Use "failFast".' },
  autoRegister: { of: 'DAG', instead: 'A DAG counts when its file exports it. Remove it.' },
  fileloc: { of: 'DAG', instead: 'It is known from the file. Remove it.' },
  fullFilepath: { of: 'DAG', instead: 'It is known from the file. Remove it.' },
  isSubdag: { of: 'DAG', instead: 'Sub-DAGs were removed in Airflow. Use group().' },
  templateUndefined: { of: 'DAG', instead: 'A name that does not exist is an error, always. Remove it.' },
  jinjaEnvironmentKwargs: { of: 'DAG', instead: 'The language of templates is fixed. Remove it.' },
  renderTemplateAsNativeObj: { of: 'DAG', instead: 'Use renderAsNative: true.' },
  timezone: { of: 'DAG', instead: 'The zone belongs to the schedule: cron("0 6 * * *", { tz: "Europe/Berlin" }).' },
  stopDate: { instead: 'Use "endDate".' },
  email: { instead: E_MAIL },
  emailOnFailure: { instead: E_MAIL },
  emailOnRetry: { instead: E_MAIL },
  executor: { instead: ONE_EXECUTOR },
  executorConfig: { instead: ONE_EXECUTOR },
  runAsUser: {
    instead:
      'All tasks of a worker run as the user of its setting WINDLASS_TASK_UID. For another user, use "queue" and a worker with that setting.',
  },
  resources: { instead: 'Airflow only shows them. For tasks that need much, use "pool" and "poolSlots", or "queue" and larger workers.' },
  provideContext: { instead: 'A handler always gets the context: (inputs, ctx) => … . Remove it.' },
  pythonCallable: { instead: 'The handler is an argument: task("my_task", inputs, run).' },
  bashCommand: { instead: 'It is an input: task("my_task", { command: "…" }, bash).' },
  opArgs: { instead: 'Inputs are an argument: task("my_task", { a, b }, ({ a, b }) => …).' },
  opKwargs: { instead: 'Inputs are an argument: task("my_task", { a, b }, ({ a, b }) => …).' },
  templatesDict: { instead: 'Render texts in the handler: await ctx.template("{{ ds }}").' },
  upstream: { instead: 'Use "after", or before(), after() and chain().' },
  dependsOn: { instead: 'Use "after", or before(), after() and chain().' },
  taskGroup: { instead: 'Make the task inside group("my_group", (g) => g.task(…)).' },
  parentGroup: { instead: 'Make the group inside the other: group("outer", (g) => g.group("inner", …)).' },
  addSuffixOnCollision: { instead: 'Ids are written, never made up. Give the group another id.' },
  dag: { instead: 'A task belongs to the DAG whose build function makes it. Remove it.' },
  loggerName: { instead: 'A task has one log. Remove it.' },
  allowNestedOperators: { instead: 'A task is a function; calling another one inside is an ordinary call. Remove it.' },
  showReturnValueInLogs: { instead: 'The result is shown on its own tab. Remove it.' },
  timeoutSeconds: { instead: 'Use "executionTimeout".' },
  pokeInterval: { instead: 'Use "every".' },
};

/** What to write instead of an option of Airflow, or null when it is none. */
export function insteadOf(where: string, camelName: string): string | null {
  const found = Object.hasOwn(FOREIGN, camelName) ? FOREIGN[camelName] : undefined;
  if (found === undefined) return null;
  const isDag = where.startsWith('DAG ');
  return found.of === undefined || (found.of === 'DAG') === isDag ? found.instead : null;
}

/** retry_delay -> retryDelay; anything else stays. */
export function camelCase(name: string): string {
  return /^[a-z]+(_[a-z0-9]+)+$/.test(name) ? name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) : name;
}
