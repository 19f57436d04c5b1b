import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Card } from '#ui-kit/card.tsx';
import { CodeBlock } from '#ui-kit/code-block.tsx';
import { Instant } from '#ui-kit/time.tsx';
import { pages } from '../api/paths.ts';
import { useRunExtras } from '../api/people.ts';
import { CallbackList } from '../run/callbacks-tab.tsx';
import { Note } from '../run/note.tsx';
import { Facts } from '../shell/facts.tsx';
import { Markdown } from '../shell/markdown.tsx';
import { useTaskPage } from './task-layout.tsx';

/** The instance and the task it is an instance of. */
export function TaskDetailsTab() {
  const { dagId, runId, instance } = useTaskPage();
  const { node } = instance;
  const extras = useRunExtras(dagId, runId).data;
  const callbacks = (extras?.callbacks ?? []).filter((one) => one.taskId === instance.taskId && one.mapIndex === instance.mapIndex);
  const state: readonly (readonly [string, ReactNode])[] = [
    ['State', instance.state],
    ['Reason', instance.reason ?? '–'],
    [
      'Map index',
      instance.mapIndex < 0 ? 'not mapped' : `${instance.mapIndex}${instance.mapLabel === null ? '' : ` (${instance.mapLabel})`}`,
    ],
    ['Queued', <Instant key="queued" iso={instance.queuedAt} />],
    ['Started', <Instant key="started" iso={instance.startedAt} />],
    ['Ended', <Instant key="ended" iso={instance.endedAt} />],
    ['Next try', <Instant key="next" iso={instance.nextTryAt} />],
    ['Priority weight', instance.priorityWeight],
    ['Note', instance.note === null ? '–' : <Note key="note" note={instance.note} noteBy={instance.noteBy} noteAt={instance.noteAt} />],
  ];
  const task: readonly (readonly [string, ReactNode])[] = [
    ...(node.displayName === undefined ? [] : ([['Name', node.displayName]] as const)),
    ...(node.owner === undefined ? [] : ([['Owner', node.owner]] as const)),
    ['Operator', node.operator],
    ['Kind', node.role ?? node.kind],
    [
      'Trigger rule',
      <code key="rule" className="font-mono text-xs">
        {node.triggerRule}
      </code>,
    ],
    ['Retries', node.retries],
    ['Pool', node.pool],
    ['Queue', node.queue],
    ['Group', node.groupId ?? '–'],
    ['Waits for', <UpstreamLinks key="upstream" dagId={dagId} runId={runId} taskIds={node.upstream} />],
  ];
  return (
    <div className="grid items-start gap-4 px-4 py-4 md:px-6 lg:grid-cols-2">
      <Card title="Instance" bodyClassName="px-4 py-3">
        <Facts rows={state} />
      </Card>
      <Card title="Task" bodyClassName="px-4 py-3">
        <Facts rows={task} />
      </Card>
      <RenderedFields fields={instance.renderedFields} />
      {callbacks.length === 0 ? null : (
        <Card title="Callbacks" className="lg:col-span-2">
          <CallbackList dagId={dagId} runId={runId} callbacks={callbacks} />
        </Card>
      )}
      {node.docMd === null ? null : (
        <Card title="About" bodyClassName="px-5 py-4" className="lg:col-span-2">
          <Markdown text={node.docMd} />
        </Card>
      )}
      {(node.docs ?? []).map((doc) => (
        <Card key={doc.format} title={DOC_TITLES[doc.format]} bodyClassName="px-5 py-4" className="lg:col-span-2">
          {doc.format === 'text' ? (
            <p className="whitespace-pre-wrap">{doc.text}</p>
          ) : (
            <CodeBlock text={doc.text} label="Copy documentation" />
          )}
        </Card>
      ))}
    </div>
  );
}

/** What the templates of the newest try came to. */
function RenderedFields({ fields }: { fields: Readonly<Record<string, string>> }) {
  const entries = Object.entries(fields);
  if (entries.length === 0) return null;
  return (
    <Card title="Rendered templates" bodyClassName="flex flex-col gap-4 px-4 py-4" className="lg:col-span-2">
      {entries.map(([name, text]) => (
        <div key={name} className="flex flex-col gap-1.5">
          <p className="font-mono text-xs text-ink-2">{name}</p>
          <CodeBlock text={text} label={`Copy ${name}`} maxHeightPx={320} wrap />
        </div>
      ))}
    </Card>
  );
}

const DOC_TITLES = { text: 'About', json: 'About (JSON)', yaml: 'About (YAML)', rst: 'About (reStructuredText)' } as const;

function UpstreamLinks({ dagId, runId, taskIds }: { dagId: string; runId: string; taskIds: readonly string[] }) {
  if (taskIds.length === 0) return <>nothing: it is first</>;
  return (
    <span className="flex flex-col gap-0.5">
      {taskIds.map((taskId) => (
        <Link key={taskId} to={pages.task(dagId, runId, taskId)} className="w-fit font-mono text-xs break-all hover:underline">
          {taskId}
        </Link>
      ))}
    </span>
  );
}
