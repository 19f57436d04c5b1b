/** What Google's libraries throw, in words that say what to do. */
import { Fatal } from '#sdk/outcomes.ts';
import { isTransientCode } from '../cloud/try-again.ts';

interface ApiError {
  readonly code?: number | string;
  readonly message?: string;
  readonly errors?: readonly { readonly reason?: string; readonly message?: string }[];
}

export function codeOf(error: unknown): number | string | undefined {
  return (error as ApiError | null)?.code;
}

export function isTransientGoogleError(error: unknown): boolean {
  const { code, errors, message } = (error ?? {}) as ApiError;
  if (isTransientCode(code)) return true;
  return (
    (errors ?? []).some(({ reason }) => reason === 'rateLimitExceeded' || reason === 'backendError') ||
    /socket hang up/i.test(message ?? '')
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  401: 'The credentials are not accepted: make a new key, or correct the connection.',
  403: 'The account of the connection is not allowed to: grant it the role.',
  404: 'There is no such thing: check the name.',
  412: 'It has been changed by somebody else, or is there already.',
};

/** No retry will help with these. */
const FINAL = new Set([400, 401, 403, 404, 412]);

/** `doing`: what was tried, as in `reading gs://bucket/file`. Final errors are Fatal, others are tried again by the task. */
export function explainGoogleError(error: unknown, doing: string, connectionId: string): Error {
  if (error instanceof Fatal) return error;
  const { code, message, errors } = error as ApiError;
  const said = (errors?.[0]?.message ?? message ?? String(error)).split('\n')[0]?.trim() ?? '';
  const advice = ADVICE[String(code)] ?? (/Could not load the default credentials/.test(said) ? NO_CREDENTIALS : '');
  const text =
    `${doing} failed (connection "${connectionId}"${code === undefined ? '' : `, ${code}`}): ${said.replace(/\.?$/, '.')} ${advice}`.trim();
  const isFinal = (FINAL.has(Number(code)) && !isTransientGoogleError(error)) || advice === NO_CREDENTIALS;
  return isFinal ? new Fatal(text, { cause: error }) : new Error(text, { cause: error });
}

const NO_CREDENTIALS =
  'The connection has no key, and this machine has no credentials of its own: add key_path or keyfile_dict to the extra of the connection.';
