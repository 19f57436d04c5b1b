/**
 * The catalogue of errors a person may see. A code is stable; its message says what was wrong, where, and
 * what to do next. `http` is the status the API answers with, `exit` the CLI's exit code.
 */
export interface ErrorEntry {
  readonly http: number;
  readonly retryable: boolean;
}

export const ERRORS = {
  BAD_REQUEST: { http: 400, retryable: false },
  UNAUTHORIZED: { http: 401, retryable: false },
  FORBIDDEN: { http: 403, retryable: false },
  NOT_FOUND: { http: 404, retryable: false },
  DAG_NOT_FOUND: { http: 404, retryable: false },
  DAG_RUN_NOT_FOUND: { http: 404, retryable: false },
  TASK_INSTANCE_NOT_FOUND: { http: 404, retryable: false },
  LOG_NOT_FOUND: { http: 404, retryable: false },
  REQUEST_TIMEOUT: { http: 408, retryable: true },
  CONFLICT: { http: 409, retryable: false },
  BODY_TOO_LARGE: { http: 413, retryable: false },
  ADDRESS_TOO_LONG: { http: 414, retryable: false },
  MEDIA_TYPE_UNSUPPORTED: { http: 415, retryable: false },
  HEADERS_TOO_LARGE: { http: 431, retryable: false },
  DAG_RUN_EXISTS: { http: 409, retryable: false },
  VALIDATION: { http: 422, retryable: false },
  TOO_MANY_REQUESTS: { http: 429, retryable: true },
  INTERNAL: { http: 500, retryable: false },
  DATABASE_UNAVAILABLE: { http: 503, retryable: true },
  BROKER_UNAVAILABLE: { http: 503, retryable: true },

  CONFIG_INVALID: { http: 500, retryable: false },
  PORT_TAKEN: { http: 500, retryable: false },
  ALREADY_RUNNING: { http: 500, retryable: false },
  DATA_FOLDER_BROKEN: { http: 500, retryable: false },
  DISK_FULL: { http: 500, retryable: true },
  POSTGRES_FAILED: { http: 500, retryable: true },
  REDIS_FAILED: { http: 500, retryable: true },
  SCHEMA_TOO_NEW: { http: 500, retryable: false },
  SCHEMA_MISSING: { http: 500, retryable: false },

  DAG_IMPORT_FAILED: { http: 400, retryable: false },
  DAG_INVALID: { http: 400, retryable: false },
  PARAMS_INVALID: { http: 400, retryable: false },
  SCHEDULE_INVALID: { http: 400, retryable: false },
  PLUGIN_FAILED: { http: 502, retryable: true },
  TEMPLATE_INVALID: { http: 400, retryable: false },
  CONNECTION_NOT_FOUND: { http: 404, retryable: false },
  XCOM_TOO_LARGE: { http: 400, retryable: false },
  XCOM_NOT_JSON: { http: 400, retryable: false },
  LEASE_LOST: { http: 409, retryable: false },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** An expected failure. `message` names the next step; `details` are safe to show. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
    this.details = details;
  }

  get http(): number {
    return ERRORS[this.code].http;
  }
}

/** Tells AppErrors from the rest, across copies of this module. */
export function isAppError(error: unknown): error is AppError {
  return error instanceof Error && error.name === 'AppError' && 'code' in error;
}

/** Crashes on a programmer's mistake. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
