/** What Amazon's library throws, in words that say what to do. */
import { Fatal } from '#sdk/outcomes.ts';
import { isTransientCode } from '../cloud/try-again.ts';

interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export function statusOf(error: unknown): number | undefined {
  return (error as ServiceError | null)?.$metadata?.httpStatusCode;
}

export function isTransientAwsError(error: unknown): boolean {
  const { code, name } = (error ?? {}) as ServiceError;
  return isTransientCode(statusOf(error)) || isTransientCode(code) || name === 'TimeoutError';
}

const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: 'The account of the connection is not allowed to: grant it the permission.',
  InvalidAccessKeyId: 'The access key is not accepted: correct the connection.',
  SignatureDoesNotMatch: 'The secret is not that of the access key: correct the connection.',
  NoSuchBucket: 'There is no such bucket: check the name and the region.',
  NoSuchKey: 'There is no such object: check the name.',
  NotFound: 'There is no such thing: check the name.',
  PermanentRedirect: 'The bucket lies in another region: set region_name in the extra of the connection.',
  CredentialsProviderError:
    "The connection has no key, and this machine has no credentials of its own: set the connection's login and password.",
};

/** Errors that no retry will help with are Fatal, others are tried again by the task. */
export function explainAwsError(error: unknown, doing: string, connectionId: string): Error {
  if (error instanceof Fatal) return error;
  const { name = 'Error', message } = error as ServiceError;
  const status = statusOf(error);
  const said = (message ?? name).split('\n')[0]?.replace(/\.?$/, '.') ?? '';
  const advice = ADVICE[name] ?? '';
  const text = `${doing} failed (connection "${connectionId}", ${status ?? name}): ${said} ${advice}`.trim();
  const isFinal =
    name === 'CredentialsProviderError' || (status !== undefined && status >= 400 && status < 500 && !isTransientAwsError(error));
  return isFinal ? new Fatal(text, { cause: error }) : new Error(text, { cause: error });
}
