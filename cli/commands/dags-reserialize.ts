import { Command } from 'commander';

interface Flags {
  readonly bundleName?: string;
}

const MAX_DAGS = 100_000;

/** `windlass dags reserialize [DAG_ID…]`: lets the DAG processor parse files again, changed or not. */
export function dagsReserialize(): Command {
  return new Command('reserialize')
    .description('Parse the files of DAGs again, changed or not: of these DAGs, of a bundle, or of all')
    .argument('[dag_id...]')
    .option('--bundle-name <name>', 'only the files of this bundle')
    .action(async (dagIds: readonly string[], flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { equal, listRequest, requireDag } = await import('../list-request.ts');
      const { say } = await import('../output.ts');
      const { listDags } = await import('#platform/db/queries/api/list-dags.ts');
      const { askToParse } = await import('#platform/db/queries/parse-requests.ts');
      await withDatabase(async ({ db }) => {
        for (const dagId of dagIds) await requireDag(db, dagId);
        const filters = [equal('is_stale', false), ...(flags.bundleName === undefined ? [] : [equal('bundle_name', flags.bundleName)])];
        const { rows } = await listDags(db, listRequest(filters, 'dag_id', MAX_DAGS));
        const wanted = dagIds.length === 0 ? rows : rows.filter((row) => dagIds.includes(row.dag_id));
        const files = [...new Map(wanted.map((row) => [`${row.bundle_name}/${row.file_path}`, row])).values()];
        await askToParse(
          db,
          files.map((row) => ({ bundleName: row.bundle_name, filePath: row.file_path })),
        );
        const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
        say(files.length === 0 ? 'There is no file to parse.' : `The DAG processor parses ${count} again, now or when it starts.`);
      });
    });
}
