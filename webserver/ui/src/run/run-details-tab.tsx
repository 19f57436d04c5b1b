import type { ReactNode } from 'react';
import { Card } from '#ui-kit/card.tsx';
import { CodeBlock } from '#ui-kit/code-block.tsx';
import { Instant } from '#ui-kit/time.tsx';
import { useTriggeringEvents } from '../assets/asset-requests.ts';
import { EventTable } from '../assets/event-list.tsx';
import { Facts } from '../shell/facts.tsx';
import { causeOf } from './run-facts.tsx';
import { useRunOfPage } from './run-layout.tsx';

/** What the run was given and everything known about it. */
export function RunDetailsTab() {
  const run = useRunOfPage();
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'Run id',
      <code key="id" className="font-mono text-xs break-all">
        {run.runId}
      </code>,
    ],
    ['Type', run.runType],
    ['Cause', causeOf(run)],
    ['Triggered by', run.triggeredBy],
    ['Logical date', <Instant key="logical" iso={run.logicalDate} />],
    ['Data interval start', <Instant key="from" iso={run.dataIntervalStart} />],
    ['Data interval end', <Instant key="to" iso={run.dataIntervalEnd} />],
    ['Run after', <Instant key="after" iso={run.runAfter} />],
    ['Queued', <Instant key="queued" iso={run.queuedAt} />],
    ['Started', <Instant key="started" iso={run.startedAt} />],
    ['Ended', <Instant key="ended" iso={run.endedAt} />],
    ['DAG version', run.versionNumber],
    ...(run.partitionKey === null
      ? []
      : ([
          [
            'Partition',
            <code key="partition" className="font-mono text-xs">
              {run.partitionKey}
            </code>,
          ],
        ] as const)),
    ['Note', run.note ?? '–'],
  ];
  const conf = run.conf ?? {};
  const events = useTriggeringEvents(run.dagId, run.runId, run.runType === 'asset_triggered');
  return (
    <div className="grid items-start gap-4 px-4 py-4 md:px-6 lg:grid-cols-2">
      <Card title="Params" bodyClassName="p-4">
        {Object.keys(conf as object).length === 0 ? (
          <p className="text-ink-3">This run was started without params: the defaults of the DAG hold.</p>
        ) : (
          <CodeBlock text={JSON.stringify(conf, null, 2)} label="Copy params" />
        )}
      </Card>
      <Card title="Details" bodyClassName="px-4 py-3">
        <Facts rows={facts} />
      </Card>
      {events.data === undefined ? null : (
        <Card title="Made by these events" className="lg:col-span-2">
          <EventTable events={events.data.asset_events} showsAsset />
        </Card>
      )}
    </div>
  );
}
