/** Errors of Postgres, translated once. Parameters never reach a message (they may hold secrets). */

export type DatabaseFailureKind =
  | 'unique_violation'
  | 'foreign_key_violation'
  | 'check_violation'
  | 'serialization'
  | 'lock_timeout'
  | 'statement_timeout'
  | 'connection'
  | 'disk_full'
  | 'read_only'
  | 'missing_table'
  | 'other';

export class DatabaseFailure extends Error {
  readonly kind: DatabaseFailureKind;
  readonly sqlState: string | undefined;
  readonly constraint: string | undefined;
  readonly statement: string;

  constructor(kind: DatabaseFailureKind, message: string, statement: string, sqlState?: string, constraint?: string) {
    super(message);
    this.name = 'DatabaseFailure';
    this.kind = kind;
    this.statement = statement;
    this.sqlState = sqlState;
    this.constraint = constraint;
  }
}

const KIND_BY_SQLSTATE: Readonly<Record<string, DatabaseFailureKind>> = {
  '23505': 'unique_violation',
  '23503': 'foreign_key_violation',
  '23514': 'check_violation',
  '40001': 'serialization',
  '40P01': 'serialization',
  '55P03': 'lock_timeout',
  '57014': 'statement_timeout',
  '57P01': 'connection',
  '57P02': 'connection',
  '57P03': 'connection',
  '53100': 'disk_full',
  '53300': 'connection',
  '25006': 'read_only',
  '42P01': 'missing_table',
};

/**
 * References that break only when two transactions meet: a row was read, and deleted by another before it was referred to.
 * Whoever looks again sees what is there now, so it is told, and repeated, like any conflict between transactions.
 */
const RACED_CONSTRAINTS: ReadonlySet<string> = new Set([
  'dag_run_version_id_fkey', // a run is created while its DAG's unused version is replaced, or pruned
  'dag_version_bundle_hash_fkey', // a version is saved while its unused bundle is pruned
  'dag_bundle_sdk_hash_fkey', // a bundle is saved while the unused sdk that it imports is pruned
]);

const CONNECTION_ERRNO = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'ENOENT', 'EAI_AGAIN']);

interface PgError extends Error {
  readonly code?: string;
  readonly constraint?: string;
}

export function translateDatabaseError(error: unknown, statement: string): DatabaseFailure {
  if (error instanceof DatabaseFailure) return error;
  const pgError = error as PgError;
  const code = pgError.code;
  const lostByText =
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout/.test(
      pgError.message ?? '',
    );
  const kind: DatabaseFailureKind =
    lostByText || (code !== undefined && (CONNECTION_ERRNO.has(code) || code.startsWith('08')))
      ? 'connection'
      : code === '23503' && RACED_CONSTRAINTS.has(pgError.constraint ?? '')
        ? 'serialization'
        : (code && KIND_BY_SQLSTATE[code]) || 'other';
  const sqlState = code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  return new DatabaseFailure(kind, `${statement}: ${pgError.message}`, statement, sqlState, pgError.constraint);
}

export function isDatabaseFailure(error: unknown, kind?: DatabaseFailureKind): error is DatabaseFailure {
  return error instanceof DatabaseFailure && (kind === undefined || error.kind === kind);
}

/** Tells whether the work was undone only because other transactions were in its way: the same again may pass. */
export function isConflict(error: unknown): error is DatabaseFailure {
  return isDatabaseFailure(error, 'serialization');
}

/** SQLSTATE classes that say something of the values: data exception, integrity constraint, program limit. */
const VALUE_CLASSES: readonly string[] = ['22', '23', '54'];

/** Tells whether Postgres refuses the values themselves: the same statement with them will never pass. */
export function isRefusedValue(error: unknown): error is DatabaseFailure {
  return error instanceof DatabaseFailure && error.kind !== 'serialization' && VALUE_CLASSES.includes(error.sqlState?.slice(0, 2) ?? '');
}
