/** What `--profile` prints: where the CPU of our processes went, and what Postgres was asked. Costs a few per cent itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '#platform/db/client.ts';

/** Postgres settings under which the figures below are kept. */
export const PROFILED_POSTGRES: Readonly<Record<string, string>> = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  track_functions: 'all',
};

const SAMPLING_US = 500;
const FUNCTIONS_SHOWN = 25;
const STATEMENTS_SHOWN = 14;
const PLACE_CHARS = 60;
const TEXT_CHARS = 90;

/** Flags of Node for a process that is to leave its profile in the folder when it ends. */
export function profilingFlags(folder: string, role: string): readonly string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${join(folder, 'profiles', role)}`, `--cpu-prof-interval=${SAMPLING_US}`];
}

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** The functions in which the processes of a role spent most time themselves, one line each. */
export function printProfiles(folder: string): string {
  const roles = readdirSync(join(folder, 'profiles'));
  return roles.map((role) => printRole(role, join(folder, 'profiles', role))).join('\n');
}

function printRole(role: string, folder: string): string {
  const ofFunction = new Map<string, number>();
  const ofPart = new Map<string, number>();
  for (const file of readdirSync(folder)) {
    const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { nodes: Node[]; samples: number[]; timeDeltas: number[] };
    const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
    profile.samples.forEach((id, index) => {
      const frame = nodes.get(id);
      if (frame === undefined || frame.functionName === '(idle)') return;
      const ms = (profile.timeDeltas[index] ?? 0) / 1_000;
      add(ofFunction, `${frame.functionName || '(anonymous)'} ${placeOf(frame.url)}:${frame.lineNumber + 1}`, ms);
      add(ofPart, partOf(frame), ms);
    });
  }
  const total = [...ofPart.values()].reduce((a, b) => a + b, 0);
  const share = ([name, ms]: readonly [string, number]) =>
    `    ${ms.toFixed(0).padStart(7)} ms ${((ms / total) * 100).toFixed(1).padStart(5)} %  ${name}`;
  const top = (map: ReadonlyMap<string, number>, count: number) =>
    [...map]
      .sort((a, b) => b[1] - a[1])
      .slice(0, count)
      .map(share);
  return [
    `  ${role}: ${total.toFixed(0)} ms on its main thread; by part:`,
    ...top(ofPart, 14),
    '  by function:',
    ...top(ofFunction, FUNCTIONS_SHOWN),
    '',
  ].join('\n');
}

function add(map: Map<string, number>, key: string, ms: number): void {
  map.set(key, (map.get(key) ?? 0) + ms);
}

/** A package, a folder of ours, or what Node is busy with. */
function partOf({ url, functionName }: Node['callFrame']): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native';
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/');
  const packages = url.split('/node_modules/');
  if (packages.length > 1) return (packages.at(-1) as string).split('/')[0] as string;
  return placeOf(url).split('/').slice(0, 2).join('/');
}

function placeOf(url: string): string {
  const at = Math.max(
    url.lastIndexOf('/node_modules/') + '/node_modules/'.length - 1,
    url.search(/\/(platform|worker|scheduler|core|sdk|cli)\//),
  );
  return at > 0 ? url.slice(at + 1).slice(-PLACE_CHARS) : url.slice(-PLACE_CHARS);
}

/** Statements, rows and trigger functions since the last call, each for one of `tasks`. */
export async function printStatements(db: Database, tasks: number): Promise<string> {
  const { rows: statements } = await db.pool.query<{ calls: number; rows: number; ms: number; text: string }>(
    `select calls::float8, rows::float8, total_exec_time as ms, regexp_replace(query, '\\s+', ' ', 'g') as text
       from pg_stat_statements s join pg_database d on d.oid = s.dbid
      where d.datname = current_database() and toplevel order by total_exec_time desc`,
  );
  const { rows: functions } = await db.pool.query<{ name: string; calls: number; ms: number }>(
    'select funcname as name, calls::float8, total_time as ms from pg_stat_user_functions order by total_time desc',
  );
  const { rows: tables } = await db.pool.query<{ name: string; inserted: number; updated: number; hot: number; removed: number }>(
    `select relname as name, n_tup_ins::float8 as inserted, n_tup_upd::float8 as updated, n_tup_hot_upd::float8 as hot, n_tup_del::float8 as removed
       from pg_stat_user_tables where n_tup_ins + n_tup_upd + n_tup_del > 100 order by n_tup_ins + n_tup_upd desc`,
  );
  const each = (value: number, digits = 3) => (value / tasks).toFixed(digits);
  const total = statements.reduce((sum, one) => sum + one.calls, 0);
  const spent = statements.reduce((sum, one) => sum + one.ms, 0);
  return [
    `  Postgres, for each of ${tasks} tasks: ${each(total)} statements, ${each(spent * 1_000, 0)} µs in them`,
    ...statements
      .slice(0, STATEMENTS_SHOWN)
      .map(
        (one) =>
          `    ${each(one.calls)} calls ${each(one.rows, 2)} rows ${each(one.ms * 1_000, 0).padStart(5)} µs  ${one.text.slice(0, TEXT_CHARS)}`,
      ),
    '  rows written:',
    ...tables.map(
      (one) =>
        `    ${one.name}: ${each(one.inserted, 2)} inserted, ${each(one.updated, 2)} updated (${each(one.hot, 2)} HOT), ${each(one.removed, 2)} deleted`,
    ),
    '  functions:',
    ...functions.map((one) => `    ${one.name}: ${each(one.calls)} calls, ${each(one.ms * 1_000, 1)} µs`),
    '',
  ].join('\n');
}
