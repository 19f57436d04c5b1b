import type { Command } from 'commander';
import type { Filter } from '#platform/db/list-query.ts';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseCount } from '../parse-flag.ts';

interface Flags extends OutputOptions {
  readonly dagId?: string;
  readonly days?: number;
  readonly limit: number;
}

const DAY_MS = 86_400_000;

/** `windlass sync list`: how far each stream came, by what its task reported last. */
export function syncList(): Command {
  return withLimit(listCommand('list'))
    .description('List what tasks sync: how far each stream came, and how many rows')
    .option('-d, --dag-id <id>', 'of this DAG only')
    .option('--days <n>', 'only what was synced in the last so many days', parseCount('--days', 1))
    .action(list);
}

async function list(flags: Flags): Promise<void> {
  const { withDatabase } = await import('../environment.ts');
  const { printRows } = await import('../output.ts');
  const { equal, listRequest } = await import('../list-request.ts');
  const { taskOf, waitingWords } = await import('../syncs.ts');
  const { systemClock } = await import('#platform/clock.ts');
  const { listSyncs } = await import('#platform/db/queries/sync/list-syncs.ts');
  await withDatabase(async ({ db }) => {
    const since = new Date(systemClock.now() - (flags.days ?? 0) * DAY_MS);
    const filters: Filter[] = [
      ...(flags.dagId === undefined ? [] : [equal('dag_id', flags.dagId)]),
      ...(flags.days === undefined ? [] : [{ field: 'updated_at', operator: 'gte' as const, value: since }]),
    ];
    const { rows } = await listSyncs(db, listRequest(filters, 'stream', flags.limit));
    printRows(
      rows.map((row) => ({
        stream: row.stream,
        task: taskOf(row),
        source: row.source,
        destination: row.destination,
        last: row.last_at,
        state: row.last_state,
        rows: row.last_rows,
        removed: row.last_removed,
        rows_total: row.rows_total,
        position: row.state,
        reset: waitingWords(row),
        error: row.last_error,
      })),
      flags,
      'No task has synced anything here. A stream is listed from its first run on.',
    );
  });
}
