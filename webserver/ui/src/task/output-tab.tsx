import { PackageOpen } from 'lucide-react';
import { Card } from '#ui-kit/card.tsx';
import { CodeBlock } from '#ui-kit/code-block.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { Table } from '#ui-kit/table.tsx';
import { formatBytes } from '#ui-kit/time-format.ts';
import { FrameView } from '../frame/frame-view.tsx';
import { useTaskPage } from './task-layout.tsx';

const TABLE_ROWS = 50;
const TABLE_COLUMNS = 14;

/** What the task handed on: rows as a table, everything else as JSON. */
export function OutputTab() {
  const { dagId, runId, taskId, instance } = useTaskPage();
  const hrefOf = (key: string) =>
    `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}/taskInstances/${taskId}/xcomEntries/${encodeURIComponent(key)}?map_index=${instance.mapIndex}`;
  if (instance.xcoms.length === 0)
    return (
      <EmptyState icon={<PackageOpen size={20} />} title="No output">
        What a task returns shows here; tasks after it read it from here too. This one{' '}
        {instance.state === 'success' ? 'returned nothing.' : 'has not returned yet.'}
      </EmptyState>
    );
  return (
    <div className="flex flex-col gap-4 px-4 py-4 md:px-6">
      {instance.xcoms.map((xcom) => {
        const frame = asFrame(xcom.value);
        const title = <span className="font-mono text-xs">{xcom.key}</span>;
        if (frame !== null)
          return (
            <div key={xcom.key} className="flex flex-col gap-3">
              <Card title={title} actions={<span className="text-xs text-ink-3 tabular-nums">{frameWords(frame)}</span>}>
                <FrameView address={{ dagId, runId, taskId, mapIndex: instance.mapIndex, key: xcom.key, version: versionOf(frame) }} />
              </Card>
              <AsJson value={xcom.value} />
            </div>
          );
        return (
          <Card
            key={xcom.key}
            title={title}
            actions={<span className="text-xs text-ink-3">{formatBytes(xcom.bytes)}</span>}
            bodyClassName="p-4"
          >
            {xcom.hash === null ? <Value value={xcom.value} /> : <Elsewhere hash={xcom.hash} href={hrefOf(xcom.key)} />}
          </Card>
        );
      })}
    </div>
  );
}

function Value({ value }: { value: unknown }) {
  const rows = asRows(value);
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'undefined');
  if (rows === null) return <CodeBlock text={text} label="Copy value" maxHeightPx={520} wrap={typeof value === 'string'} />;
  return (
    <div className="flex flex-col gap-3">
      <RowTable rows={rows} />
      <AsJson value={value} />
    </div>
  );
}

function AsJson({ value }: { value: unknown }) {
  return (
    <details>
      <summary className="w-fit text-xs text-ink-2 hover:text-ink">As JSON</summary>
      <div className="mt-2">
        <CodeBlock text={JSON.stringify(value, null, 2)} label="Copy value" />
      </div>
    </details>
  );
}

interface FrameFile {
  readonly rows: number;
  readonly columns: readonly unknown[];
  readonly bytes: number;
  readonly sha256?: string;
}

/** What `saveFrame` and `writeFrame` return: a frame in a file. */
function asFrame(value: unknown): FrameFile | null {
  const { path, rows, columns, bytes, sha256 } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isFrame =
    typeof path === 'string' &&
    typeof rows === 'number' &&
    Array.isArray(columns) &&
    typeof bytes === 'number' &&
    typeof sha256 === 'string';
  return isFrame ? (value as FrameFile) : null;
}

function frameWords({ rows, columns, bytes }: FrameFile): string {
  return `${rows.toLocaleString('en')} rows × ${columns.length} columns · ${formatBytes(bytes)}`;
}

function versionOf({ sha256, rows, bytes }: FrameFile): string {
  return sha256 ?? `${rows}/${bytes}`;
}

/** A value that is too large to show. */
function Elsewhere({ hash, href }: { hash: string; href: string }) {
  return (
    <div className="flex flex-col gap-1.5 text-sm">
      <p>
        It lies in the XCom backend.{' '}
        <a href={href} target="_blank" rel="noreferrer" className="text-accent hover:underline">
          Open it as JSON
        </a>
      </p>
      <p className="font-mono text-2xs break-all text-ink-3">sha256 {hash}</p>
    </div>
  );
}

type Row = Readonly<Record<string, unknown>>;

/** A list of flat objects reads best as a table; anything else is null. */
function asRows(value: unknown): readonly Row[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const isRow = (item: unknown) => typeof item === 'object' && item !== null && !Array.isArray(item);
  if (!value.every(isRow)) return null;
  return Object.keys(value[0] as Row).length > TABLE_COLUMNS ? null : (value as readonly Row[]);
}

function RowTable({ rows }: { rows: readonly Row[] }) {
  const columns = [...new Set(rows.slice(0, TABLE_ROWS).flatMap((row) => Object.keys(row)))].slice(0, TABLE_COLUMNS);
  return (
    <div className="overflow-hidden rounded-lg border border-line">
      <Table label="Rows" dense>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} className="font-mono">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, TABLE_ROWS).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of data have no identity of their own
            <tr key={index}>
              {columns.map((column) => (
                <td key={column} className="max-w-[320px] truncate font-mono text-xs">
                  {typeof row[column] === 'object' ? JSON.stringify(row[column]) : String(row[column] ?? '')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
      {rows.length > TABLE_ROWS ? (
        <p className="border-t border-line px-4 py-2 text-xs text-ink-3">
          The first {TABLE_ROWS} of {rows.length} rows.
        </p>
      ) : null}
    </div>
  );
}
