/** Does a query on a connection give a row whose first column is true? */
import type { WaiterArgs } from '#core/waiting/kinds.ts';
import { queryConnection } from '#platform/db/query-connection.ts';
import { requireConnection } from '#platform/secrets/secret-store.ts';
import type { LookDeps, Seen } from './look.ts';

interface SqlArgs {
  readonly connection: string;
  readonly sql: string;
  readonly values?: readonly unknown[];
  /** No row at all fails the wait. */
  readonly failOnEmpty?: boolean;
}

/** SQLSTATE classes of a statement that will never work: syntax, names, rights, types. */
const WRONG = /^(42|22|28|3D|0A)/;
/** As Airflow: these in the first column are "not yet". */
const FALSY: ReadonlySet<unknown> = new Set([null, false, 0, '', '0']);

/** The value is the first row. */
export async function lookSql(given: WaiterArgs, deps: LookDeps): Promise<Seen> {
  const { connection: id, sql, values = [], failOnEmpty = false } = given as unknown as SqlArgs;
  const connection = await requireConnection(deps.secrets as Parameters<typeof requireConnection>[0], id);
  const answer = await queryConnection(connection, { sql, values, signal: deps.signal }).catch((error: Error & { code?: string }) => {
    if (!WRONG.test(error.code ?? '')) throw error;
    return error;
  });
  if (answer instanceof Error) return { seen: 'hopeless', error: { name: 'SqlWaitFailed', message: answer.message }, retryable: true };
  const row = answer[0];
  if (row === undefined)
    return failOnEmpty
      ? { seen: 'hopeless', error: { name: 'SqlWaitEmpty', message: 'the query gave no row' }, retryable: true }
      : { seen: 'nothing', note: 'no row yet' };
  const first = Object.values(row)[0];
  return FALSY.has(first) ? { seen: 'nothing', note: `the first column is ${JSON.stringify(first)}` } : { seen: 'found', value: row };
}
