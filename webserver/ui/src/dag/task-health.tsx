import { Link } from 'react-router';
import { Card } from '#ui-kit/card.tsx';
import { lookOf } from '#ui-kit/state-looks.ts';
import { Table } from '#ui-kit/table.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import type { UiCell, UiDag, UiGrid } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';
import { median } from './duration-chart.tsx';

interface TaskNumbers {
  readonly taskId: string;
  readonly operator: string;
  readonly failed: number;
  readonly ended: number;
  readonly medianMs: number;
  readonly lastFailedRunId: string | null;
}

const SHOWN = 8;

/** The tasks that fail most, then the slowest: where to look first. Nothing until one has ended. */
export function TaskHealth({ dag, grid }: { dag: UiDag; grid: UiGrid }) {
  const rows = dag.tasks
    .map((task) => numbersOf(task.taskId, task.operator, grid))
    .filter((row) => row.ended > 0)
    .sort((a, b) => b.failed - a.failed || b.medianMs - a.medianMs);
  if (rows.length === 0) return null;
  const longestMs = Math.max(1, ...rows.map((row) => row.medianMs));
  return (
    <Card title="Tasks to look at">
      <Table label="Tasks to look at" dense>
        <thead>
          <tr>
            <th>Task</th>
            <th className="max-sm:hidden">Operator</th>
            <th className="text-right">Failed</th>
            <th className="w-[34%]">Median time</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, SHOWN).map((row) => (
            <tr key={row.taskId}>
              <td className="max-w-[260px] truncate font-mono text-xs">
                {row.lastFailedRunId === null ? (
                  row.taskId
                ) : (
                  <Link to={pages.task(dag.dagId, row.lastFailedRunId, row.taskId)} className="hover:underline">
                    {row.taskId}
                  </Link>
                )}
              </td>
              <td className="text-ink-3 max-sm:hidden">{row.operator}</td>
              <td className="text-right">
                {row.failed === 0 ? <span className="text-ink-3">0</span> : <span className="font-medium text-danger">{row.failed}</span>}
                <span className="text-ink-3"> of {row.ended}</span>
              </td>
              <td>
                <span className="flex items-center gap-3">
                  <span
                    className="h-1.5 min-w-[3px] rounded-full"
                    style={{ width: `${(row.medianMs / longestMs) * 58}%`, backgroundColor: lookOf('queued').color }}
                  />
                  <span className="text-xs whitespace-nowrap text-ink-2">{formatDuration(row.medianMs)}</span>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

function numbersOf(taskId: string, operator: string, grid: UiGrid): TaskNumbers {
  const cells = grid.cells[taskId] ?? [];
  const ended = cells.filter((cell): cell is UiCell => cell !== null && (cell.state === 'success' || cell.state === 'failed'));
  const spans = ended.flatMap((cell) =>
    cell.startedAt === null || cell.endedAt === null ? [] : [Date.parse(cell.endedAt) - Date.parse(cell.startedAt)],
  );
  const lastFailed = cells.findLastIndex((cell) => cell?.state === 'failed');
  return {
    taskId,
    operator,
    failed: ended.filter((cell) => cell.state === 'failed').length,
    ended: ended.length,
    medianMs: median(spans),
    lastFailedRunId: lastFailed < 0 ? null : (grid.runs[lastFailed]?.runId ?? null),
  };
}
