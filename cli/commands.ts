/** All commands, in the order of the help. A command's file holds its definition; its work is loaded when it runs. */
import type { Command } from 'commander';
import { addBlockCommands } from './commands/add-block.ts';
import { approvalsAnswer } from './commands/approvals-answer.ts';
import { approvalsList } from './commands/approvals-list.ts';
import { assetsDetails } from './commands/assets-details.ts';
import { assetsEvents } from './commands/assets-events.ts';
import { assetsLineage } from './commands/assets-lineage.ts';
import { assetsList } from './commands/assets-list.ts';
import { assetsMaterialize } from './commands/assets-materialize.ts';
import { assetsSearch } from './commands/assets-search.ts';
import { assetsVersions } from './commands/assets-versions.ts';
import { backfillCancel, backfillPause, backfillSetMaxActiveRuns, backfillUnpause } from './commands/backfill-change.ts';
import { backfillCreate } from './commands/backfill-create.ts';
import { backfillList } from './commands/backfill-list.ts';
import { configList } from './commands/config-list.ts';
import { connectionsTest } from './commands/connections-test.ts';
import { dagsDelete } from './commands/dags-delete.ts';
import { dagsList } from './commands/dags-list.ts';
import { dagsListImportErrors } from './commands/dags-list-import-errors.ts';
import { dagsListRuns } from './commands/dags-list-runs.ts';
import { dagsMark } from './commands/dags-mark.ts';
import { dagsNextExecution } from './commands/dags-next-execution.ts';
import { dagsPause, dagsUnpause } from './commands/dags-pause.ts';
import { dagsReserialize } from './commands/dags-reserialize.ts';
import { dagsShow } from './commands/dags-show.ts';
import { dagsTest } from './commands/dags-test.ts';
import { dagsTrigger } from './commands/dags-trigger.ts';
import { dbCheck } from './commands/db-check.ts';
import { dbClean } from './commands/db-clean.ts';
import { dbMigrate } from './commands/db-migrate.ts';
import { dbReset } from './commands/db-reset.ts';
import { doctor } from './commands/doctor.ts';
import { emulators } from './commands/emulators.ts';
import { jobsCheck } from './commands/jobs-check.ts';
import { monitor } from './commands/monitor.ts';
import { pluginsList } from './commands/plugins-list.ts';
import { scheduler } from './commands/scheduler.ts';
import { standalone } from './commands/standalone.ts';
import { syncList } from './commands/sync-list.ts';
import { syncReset } from './commands/sync-reset.ts';
import { tasksClear } from './commands/tasks-clear.ts';
import { tasksList } from './commands/tasks-list.ts';
import { tasksLogs } from './commands/tasks-logs.ts';
import { tasksMark } from './commands/tasks-mark.ts';
import { tasksStatesForDagRun } from './commands/tasks-states-for-dag-run.ts';
import { triggerer } from './commands/triggerer.ts';
import { usersCreate } from './commands/users-create.ts';
import { usersList } from './commands/users-list.ts';
import { version } from './commands/version.ts';
import { webserver } from './commands/webserver.ts';
import { why } from './commands/why.ts';
import { worker } from './commands/worker.ts';

export const GROUPS = {
  db: 'Look after the database',
  add: 'Write files to begin with',
  dags: 'DAGs and their runs',
  tasks: 'Tasks of DAGs and of runs',
  assets: 'What tasks make and DAGs wait for',
  sync: 'Streams that tasks bring from sources to destinations',
  approvals: 'What tasks ask people',
  backfill: 'Runs for dates of the past',
  users: 'Who may log in',
  jobs: 'Processes',
  connections: 'How tasks reach other systems',
  plugins: 'Plugins',
  config: 'Settings',
} as const;

export interface CommandEntry {
  readonly group?: keyof typeof GROUPS;
  /** Makes a fresh definition. */
  readonly define: () => Command;
}

export const COMMANDS: readonly CommandEntry[] = [
  { define: standalone },
  { define: scheduler },
  { define: worker },
  { define: triggerer },
  { define: webserver },
  { define: monitor },
  { define: why },
  { define: doctor },
  { define: emulators },
  { group: 'connections', define: connectionsTest },
  ...addBlockCommands.map((define) => ({ group: 'add', define }) as const),
  { group: 'db', define: dbMigrate },
  { group: 'db', define: dbCheck },
  { group: 'db', define: dbClean },
  { group: 'db', define: dbReset },
  { group: 'dags', define: dagsList },
  { group: 'dags', define: dagsShow },
  { group: 'dags', define: dagsTrigger },
  { group: 'dags', define: dagsPause },
  { group: 'dags', define: dagsUnpause },
  { group: 'dags', define: dagsTest },
  { group: 'dags', define: dagsListRuns },
  { group: 'dags', define: dagsListImportErrors },
  { group: 'dags', define: dagsMark },
  { group: 'dags', define: dagsDelete },
  { group: 'dags', define: dagsReserialize },
  { group: 'dags', define: dagsNextExecution },
  { group: 'tasks', define: tasksList },
  { group: 'tasks', define: tasksStatesForDagRun },
  { group: 'tasks', define: tasksLogs },
  { group: 'tasks', define: tasksClear },
  { group: 'tasks', define: tasksMark },
  { group: 'assets', define: assetsList },
  { group: 'assets', define: assetsDetails },
  { group: 'assets', define: assetsEvents },
  { group: 'assets', define: assetsMaterialize },
  { group: 'assets', define: assetsSearch },
  { group: 'assets', define: assetsVersions },
  { group: 'assets', define: assetsLineage },
  { group: 'sync', define: syncList },
  { group: 'sync', define: syncReset },
  { group: 'approvals', define: approvalsList },
  { group: 'approvals', define: approvalsAnswer },
  { group: 'backfill', define: backfillCreate },
  { group: 'backfill', define: backfillList },
  { group: 'backfill', define: backfillPause },
  { group: 'backfill', define: backfillUnpause },
  { group: 'backfill', define: backfillCancel },
  { group: 'backfill', define: backfillSetMaxActiveRuns },
  { group: 'users', define: usersCreate },
  { group: 'users', define: usersList },
  { group: 'jobs', define: jobsCheck },
  { group: 'plugins', define: pluginsList },
  { group: 'config', define: configList },
  { define: version },
];
