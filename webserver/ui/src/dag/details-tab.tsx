import type { ReactNode } from 'react';
import { Badge } from '#ui-kit/badge.tsx';
import { Card } from '#ui-kit/card.tsx';
import { CodeBlock } from '#ui-kit/code-block.tsx';
import { Table } from '#ui-kit/table.tsx';
import { Instant } from '#ui-kit/time.tsx';
import type { UiTaskNode } from '../../../ui-api/types.ts';
import { Facts } from '../shell/facts.tsx';
import { useDagOfPage } from './dag-layout.tsx';
import { OwnerNames } from './owner-names.tsx';
import { scheduleInWords } from './schedule-words.ts';

const CATCHUP_WORDS: Readonly<Record<`${boolean | 'none'}`, string>> = {
  true: 'All: every missed interval is run',
  false: 'Latest: only the newest missed interval is run',
  none: 'None: only intervals from now on are run',
};

/** Everything that was read from the file, as it was understood. */
export function DetailsTab() {
  const dag = useDagOfPage();
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'DAG id',
      <code key="id" className="font-mono text-xs">
        {dag.dagId}
      </code>,
    ],
    [
      'File',
      <code key="file" className="font-mono text-xs">
        {dag.filePath}
      </code>,
    ],
    ...(dag.displayName === dag.dagId ? [] : ([['Name', dag.displayName]] as const)),
    ['Owner', <OwnerNames key="owner" owner={dag.owner} links={dag.ownerLinks} />],
    [
      'Schedule',
      scheduleInWords(dag.scheduleSummary) === dag.scheduleSummary
        ? dag.scheduleSummary
        : `${dag.scheduleSummary}: ${scheduleInWords(dag.scheduleSummary)}`,
    ],
    ['Catch up', CATCHUP_WORDS[`${dag.catchup}`]],
    ['Start date', dag.startDate === null ? 'When the file was first seen' : <Instant key="start" iso={dag.startDate} />],
    ['End date', dag.endDate === null ? 'None' : <Instant key="end" iso={dag.endDate} />],
    ['Runs at once', dag.maxActiveRuns],
    ['Tasks at once', dag.maxActiveTasks],
    ['Tasks', dag.taskCount],
    [
      'Version',
      <span key="version">
        {dag.versionNumber} of {dag.versions.length}
      </span>,
    ],
    [
      'Tags',
      dag.tags.length === 0 ? (
        'None'
      ) : (
        <span key="tags" className="flex flex-wrap gap-1">
          {dag.tags.map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
        </span>
      ),
    ],
  ];
  return (
    <div className="grid items-start gap-4 px-4 py-4 md:px-6 xl:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
      <div className="flex min-w-0 flex-col gap-4">
        <Card title="Settings" bodyClassName="px-4 py-3">
          <Facts rows={facts} />
        </Card>
        {dag.paramsSchema === null ? null : (
          <Card title="Params" bodyClassName="flex flex-col gap-3 p-4">
            <p className="text-xs text-ink-3">Defaults</p>
            <CodeBlock text={JSON.stringify(dag.paramsDefaults, null, 2)} label="Copy defaults" />
            <p className="text-xs text-ink-3">JSON Schema</p>
            <CodeBlock text={JSON.stringify(dag.paramsSchema, null, 2)} label="Copy schema" maxHeightPx={280} />
          </Card>
        )}
      </div>
      <Card title={`Tasks (${dag.tasks.length})`}>
        <TaskTable tasks={dag.tasks} owner={dag.owner} />
      </Card>
    </div>
  );
}

function TaskTable({ tasks, owner }: { tasks: readonly UiTaskNode[]; owner: string }) {
  return (
    <Table label="Tasks" dense>
      <thead>
        <tr>
          <th>Task</th>
          <th>Operator</th>
          <th className="max-2xl:hidden">Owner</th>
          <th>Trigger rule</th>
          <th className="text-right">Retries</th>
          <th>Pool</th>
          <th>Queue</th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <tr key={task.taskId}>
            <td className="max-w-[280px]">
              <span className="flex items-center gap-2">
                <span className="truncate font-mono text-xs" title={task.taskId}>
                  {task.taskId}
                </span>
                {task.displayName === undefined ? null : <span className="truncate text-xs text-ink-2">{task.displayName}</span>}
                {task.isMapped ? <Badge>mapped</Badge> : null}
              </span>
            </td>
            <td className="text-ink-2">{task.operator}</td>
            <td className="max-w-[120px] truncate text-ink-2 max-2xl:hidden" title={task.owner ?? owner}>
              {task.owner ?? owner}
            </td>
            <td className="font-mono text-xs text-ink-2">{task.triggerRule}</td>
            <td className="text-right text-ink-2">{task.retries}</td>
            <td className="text-ink-2">{task.pool}</td>
            <td className="text-ink-2">{task.queue}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
