/** What bodies themselves wrote about their lives, in a file that Windlass does not know: it is not its own witness. */
import { existsSync, readFileSync } from 'node:fs';
import type { ProbedCluster } from './cluster.ts';

interface Note {
  readonly what: 'begin' | 'end' | 'callback';
  readonly dag: string;
  readonly run: string;
  readonly task: string;
  readonly index: number;
  readonly attempt: number;
  readonly pid: number;
}

interface AttemptRow {
  readonly dag_id: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly map_index: number;
  readonly try_number: number;
  readonly clear_number: number;
  readonly max_tries: number;
  readonly pid: number | null;
  readonly outcome: string | null;
  readonly begun: boolean;
}

export function readLedger(path: string): readonly Note[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Note);
}

/** Where the ledger and Postgres do not agree about these runs. Empty = nowhere. Tasks that trigger have no body of an author. */
export async function compareLedger(cluster: ProbedCluster, path: string, dagRunIds: readonly string[]): Promise<readonly string[]> {
  const attempts = await cluster.sql<AttemptRow>(
    `select r.dag_id, r.run_id, ti.task_id, ti.map_index, a.try_number, a.clear_number, ti.max_tries, a.pid, a.outcome,
            a.body_started_at is not null as begun
       from task_attempt a join task_instance ti using (task_instance_id) join dag_run r using (dag_run_id)
      where r.dag_run_id = any($1) and ti.operator <> 'trigger' order by a.claimed_at`,
    [dagRunIds],
  );
  const runs = await cluster.sql<{ dag_id: string; run_id: string }>('select dag_id, run_id from dag_run where dag_run_id = any($1)', [
    dagRunIds,
  ]);
  const own = new Set(runs.map((run) => `${run.dag_id}/${run.run_id}`));
  const notes = readLedger(path).filter((note) => own.has(`${note.dag}/${note.run}`) && note.what !== 'callback');
  const faults: string[] = [];
  const byBody = Map.groupBy(notes, bodyOf);
  for (const [body, ofBody] of byBody) {
    if (ofBody.filter((note) => note.what === 'begin').length !== 1) faults.push(`${body} began more than once`);
    if (!attempts.some((attempt) => attempt.begun && bodyOf(noted(attempt)) === body))
      faults.push(`${body} ran and no attempt knows of it`);
  }
  for (const attempt of attempts) {
    const body = bodyOf(noted(attempt));
    if (attempt.outcome === 'success' && !byBody.get(body)?.some((note) => note.what === 'end')) faults.push(`${body} won and did not end`);
  }
  for (const [instance, ofInstance] of Map.groupBy(notes, instanceOf)) {
    const bodies = ofInstance.map(bodyOf);
    const turns = bodies.filter((body, index) => body !== bodies[index - 1]);
    if (new Set(turns).size < turns.length) faults.push(`${instance}: an old body went on beside a new one: ${turns.join(', ')}`);
    const tries = attempts.filter((attempt) => instanceOf(noted(attempt)) === instance);
    const begun = new Set(bodies).size;
    for (const [attempt, ofTry] of Map.groupBy(ofInstance, (note) => note.attempt)) {
      // A worker that stops hands a body back, and the same try begins anew; for nothing else.
      const handedBack = tries.filter((one) => one.try_number === attempt && one.outcome === 'handed_back').length;
      const processes = new Set(ofTry.map((note) => note.pid)).size;
      if (processes > 1 + handedBack) faults.push(`${instance} try ${attempt} began in ${processes} processes`);
    }
    if (tries[0]?.max_tries === 0 && tries.every((one) => one.clear_number === tries[0]?.clear_number) && begun > 1)
      faults.push(`${instance} has no retries and its body was started ${begun} times`);
  }
  return faults;
}

function noted(row: AttemptRow): Omit<Note, 'what'> {
  return { dag: row.dag_id, run: row.run_id, task: row.task_id, index: row.map_index, attempt: row.try_number, pid: row.pid ?? 0 };
}

function instanceOf(note: Omit<Note, 'what'>): string {
  return `${note.dag} ${note.run} ${note.task}[${note.index}]`;
}

function bodyOf(note: Omit<Note, 'what'>): string {
  return `${instanceOf(note)} try ${note.attempt} in process ${note.pid}`;
}
