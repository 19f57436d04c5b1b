import { ListChecks, StickyNote } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { Button } from '#ui-kit/button.tsx';
import { cx } from '#ui-kit/class-names.ts';
import { counted } from '#ui-kit/counted.ts';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Select } from '#ui-kit/fields.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { StatePill } from '#ui-kit/state-pill.tsx';
import { Table } from '#ui-kit/table.tsx';
import { Duration, TimeAgo } from '#ui-kit/time.tsx';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import { BulkRunDialog } from '../act/bulk-run-dialog.tsx';
import { pages } from '../api/paths.ts';
import { useDagRuns } from '../api/queries.ts';
import type { RestDagRun } from '../api/rest-types.ts';
import { Pager } from '../shell/pager.tsx';
import { readNumber, useUrlState } from '../shell/url-state.ts';
import { causeOf, RunTypeIcon, runIsFor } from './run-facts.tsx';

const PAGE_SIZE = 50;
const STATES = ['queued', 'running', 'success', 'failed'] as const;
const RUN_TYPES = ['scheduled', 'manual', 'backfill', 'asset_triggered', 'asset_materialization'] as const;

/** Runs of one DAG, or of all for `~`, filtered by what the address says. */
export function RunList({ dagId }: { dagId: string }) {
  const [params, change] = useUrlState();
  const offset = readNumber(params, 'offset', 0);
  const state = params.get('state') ?? undefined;
  const runType = params.get('type') ?? undefined;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [isActing, setActing] = useState(false);
  const runs = useDagRuns(dagId, { state, runType, limit: PAGE_SIZE, offset });
  // Only what is on the page: nothing is changed that cannot be seen.
  const picked = (runs.data?.dag_runs ?? []).filter((run) => chosen.has(keyOf(run)));
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Select aria-label="State" value={state ?? ''} onChange={(event) => change({ state: event.target.value, offset: null })}>
          <option value="">Any state</option>
          {STATES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
        <Select aria-label="Run type" value={runType ?? ''} onChange={(event) => change({ type: event.target.value, offset: null })}>
          <option value="">Any type</option>
          {RUN_TYPES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
        {runs.data === undefined ? null : (
          <span className="ml-1 text-xs text-ink-3 tabular-nums">{counted(runs.data.total_entries, 'run')}</span>
        )}
        {picked.length === 0 ? null : (
          <span className="ml-auto flex items-center gap-2">
            <span className="text-xs text-ink-2 tabular-nums">{picked.length} selected</span>
            <Button size="sm" variant="ghost" onClick={() => setChosen(new Set())}>
              Select none
            </Button>
            <Button size="sm" variant="primary" onClick={() => setActing(true)}>
              Clear, mark or delete…
            </Button>
          </span>
        )}
      </div>
      {isActing ? (
        <BulkRunDialog
          runs={picked.map((run) => ({ dagId: run.dag_id, runId: run.dag_run_id }))}
          onClose={() => setActing(false)}
          onDone={() => {
            setActing(false);
            setChosen(new Set());
          }}
        />
      ) : null}
      {runs.error === null ? null : <ErrorPanel error={runs.error} onRetry={() => void runs.refetch()} />}
      <div className="rounded-xl border border-line bg-surface shadow-1">
        {runs.isPending ? <SkeletonRows rows={10} label="Loading runs" /> : null}
        {runs.data === undefined ? null : runs.data.dag_runs.length === 0 ? (
          <EmptyState icon={<ListChecks size={20} />} title="No runs here">
            {state === undefined && runType === undefined ? 'Trigger a DAG, or wait for its schedule.' : 'No run matches these filters.'}
          </EmptyState>
        ) : (
          <RunTable runs={runs.data.dag_runs} showsDag={dagId === '~'} chosen={chosen} onChoose={setChosen} />
        )}
        {runs.data === undefined ? null : (
          <Pager
            offset={offset}
            limit={PAGE_SIZE}
            total={runs.data.total_entries}
            onOffset={(next) => change({ offset: next === 0 ? null : next }, 'push')}
          />
        )}
      </div>
    </>
  );
}

function keyOf(run: RestDagRun): string {
  return `${run.dag_id}/${run.dag_run_id}`;
}

function toggled(chosen: ReadonlySet<string>, key: string): ReadonlySet<string> {
  return chosen.has(key) ? new Set([...chosen].filter((other) => other !== key)) : new Set([...chosen, key]);
}

interface Choosing {
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}

function RunTable({ runs, showsDag, chosen, onChoose }: { runs: readonly RestDagRun[]; showsDag: boolean } & Choosing) {
  const isAll = runs.every((run) => chosen.has(keyOf(run)));
  return (
    <Table label="Runs" dense>
      <thead>
        <tr>
          <th className="w-8">
            <input
              type="checkbox"
              aria-label="Select all runs of this page"
              checked={isAll}
              onChange={() => onChoose(isAll ? new Set() : new Set(runs.map(keyOf)))}
              className="block size-4 accent-[var(--accent)]"
            />
          </th>
          {showsDag ? <th>DAG</th> : null}
          <th>Run</th>
          <th>State</th>
          <th className="max-lg:hidden">For</th>
          <th className="max-sm:hidden">Started</th>
          <th className="text-right max-sm:hidden">Took</th>
          <th className="max-md:hidden">Cause</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow
            key={keyOf(run)}
            run={run}
            showsDag={showsDag}
            isChosen={chosen.has(keyOf(run))}
            onToggle={() => onChoose(toggled(chosen, keyOf(run)))}
          />
        ))}
      </tbody>
    </Table>
  );
}

interface RunRowProps {
  readonly run: RestDagRun;
  readonly showsDag: boolean;
  readonly isChosen: boolean;
  readonly onToggle: () => void;
}

function RunRow({ run, showsDag, isChosen, onToggle }: RunRowProps) {
  return (
    <tr data-chosen={isChosen} className="data-[chosen=true]:bg-accent-soft">
      <td>
        <input
          type="checkbox"
          aria-label={`Select ${run.dag_run_id}`}
          checked={isChosen}
          onChange={onToggle}
          className="block size-4 accent-[var(--accent)]"
        />
      </td>
      {showsDag ? (
        <td className="max-w-[220px] truncate max-sm:max-w-[96px]">
          <Link to={pages.dag(run.dag_id)} className="font-medium hover:underline" title={run.dag_id}>
            {run.dag_id}
          </Link>
        </td>
      ) : null}
      <td className={cx('max-w-[340px]', showsDag ? 'max-sm:max-w-[96px]' : 'max-sm:max-w-[200px]')}>
        <span className="flex min-w-0 items-center gap-2">
          <RunTypeIcon runType={run.run_type} />
          <Link to={pages.run(run.dag_id, run.dag_run_id)} className="truncate font-mono text-xs hover:underline" title={run.dag_run_id}>
            {run.dag_run_id}
          </Link>
          {run.note === null || run.note === '' ? null : (
            <Tooltip content={run.note}>
              <StickyNote size={13} role="img" aria-label={`Note: ${run.note}`} className="text-accent" />
            </Tooltip>
          )}
        </span>
      </td>
      <td>
        <StatePill state={run.state} />
      </td>
      <td className="whitespace-nowrap text-ink-2 max-lg:hidden">
        {runIsFor({ logicalDate: run.logical_date, runAfter: run.run_after, partitionKey: run.partition_key })}
      </td>
      <td className="text-ink-2 max-sm:hidden">
        <TimeAgo iso={run.start_date ?? run.queued_at} />
      </td>
      <td className="text-right max-sm:hidden">
        <Duration from={run.start_date} to={run.end_date} />
      </td>
      <td className="whitespace-nowrap text-ink-2 max-md:hidden">
        {causeOf({ runType: run.run_type, triggeringUser: run.triggering_user_name })}
      </td>
    </tr>
  );
}
