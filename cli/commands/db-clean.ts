import { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import { parseAge } from '../parse-flag.ts';

interface Flags {
  readonly olderThan?: number;
  readonly auditOlderThan?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `windlass db clean --older-than 90d`: retention. Runs that have not ended, and the newest of each DAG, always stay. */
export function dbClean(): Command {
  return new Command('clean')
    .description('Delete old runs with all that hangs on them, their logs, and other old rows')
    .option('--older-than <age>', 'what ended longer ago than this, such as 90d', parseAge('--older-than'))
    .option('--audit-older-than <age>', 'also the audit log, as far as it is older than this', parseAge('--audit-older-than'))
    .option('--dry-run', 'only say what would be deleted')
    .option('-y, --yes', 'yes, delete it')
    .option('--json', 'print JSON, and nothing else')
    .action(async (flags: Flags) => {
      const { clock, withDatabase } = await import('../environment.ts');
      const { clean, countOld, CLEANED_TABLES } = await import('#platform/retention/clean.ts');
      const { insertAuditRow } = await import('#platform/db/queries/api/insert-audit-row.ts');
      const { printRows, say } = await import('../output.ts');
      if (flags.olderThan === undefined)
        throw new AppError('BAD_REQUEST', 'Say how old: windlass db clean --older-than 90d --dry-run shows what would be deleted.');
      const cut = new Date(clock.now() - flags.olderThan);
      const auditCut = flags.auditOlderThan === undefined ? null : new Date(clock.now() - flags.auditOlderThan);
      const before = (table: string) => (table === 'audit_log' ? auditCut : cut);
      const day = cut.toISOString().slice(0, 16);
      await withDatabase(async ({ db, config }) => {
        const isReal = flags.yes === true && flags.dryRun !== true;
        const counts = isReal ? await clean({ db, before, logsFolder: config.logsFolder }) : await countOld({ db, before });
        const rows = CLEANED_TABLES.filter((table) => (counts[table] ?? 0) > 0).map((table) => ({ table, rows: counts[table] }));
        printRows(rows, flags, `Nothing is older than ${day} UTC.`);
        if (rows.length === 0) return;
        if (isReal) {
          const extra = {
            before: cut.toISOString(),
            auditBefore: auditCut?.toISOString() ?? null,
            deleted: Object.fromEntries(rows.map((row) => [row.table, row.rows])),
          };
          const none = { dagId: null, runId: null, taskId: null, mapIndex: null, requestId: null };
          await insertAuditRow(db, { actor: 'cli', action: 'db.clean', ...none, extra });
        }
        if (isReal)
          say(
            `Deleted ${counts['dag_run'] === 1 ? 'one run' : `${counts['dag_run']} runs`} that ended before ${day} UTC, with their logs in ${config.logsFolder}.`,
          );
        else say(`Would delete this, of before ${day} UTC; nothing was deleted.${flags.dryRun ? '' : ' If you mean it, add --yes.'}`);
        if (!isReal && flags.dryRun !== true) process.exitCode = 1;
      });
    });
}
