/**
 * Who may call a webhook: whoever knows its secret, and signs what is sent with it. `windlass` (the default) signs the time as well, so that what
 * was overheard is worthless some minutes later; `github` signs the body alone, as GitHub and many others do.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '#core/errors.ts';

export const SIGNATURE_SCHEMES = ['windlass', 'github'] as const;
export type SignatureScheme = (typeof SIGNATURE_SCHEMES)[number];

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Byte for byte as it was sent. */
  readonly body: Uint8Array;
}

export interface SignatureRule {
  readonly secret: string;
  readonly scheme: SignatureScheme;
  /** How old, or how far ahead, a signature may be. */
  readonly windowMs: number;
}

/** Returns the signature, in hex: the same for the same request sent again. Throws UNAUTHORIZED, saying what is missing. */
export function checkSignature({ headers, body }: SignedRequest, { secret, scheme, windowMs }: SignatureRule, nowMs: number): string {
  const hmac = createHmac('sha256', secret);
  if (scheme === 'windlass') hmac.update(`${timeOf(headers, windowMs, nowMs)}.`);
  const wanted = hmac.update(body).digest();
  const name = scheme === 'windlass' ? 'x-windlass-signature' : 'x-hub-signature-256';
  const given = /^sha256=([0-9a-f]{64})$/i.exec(textOf(headers, name))?.[1];
  if (given === undefined) throw refused(`it needs the header ${name}: sha256=<hex>`);
  if (!timingSafeEqual(Buffer.from(given, 'hex'), wanted)) throw refused('the signature is not that of this body and the secret');
  return wanted.toString('hex');
}

/** Seconds since 1970, as they were sent: they are part of what is signed. */
function timeOf(headers: SignedRequest['headers'], windowMs: number, nowMs: number): string {
  const text = textOf(headers, 'x-windlass-timestamp');
  if (!/^\d{1,12}$/.test(text)) throw refused('it needs the header x-windlass-timestamp: seconds since 1970');
  if (Math.abs(nowMs - Number(text) * 1_000) > windowMs)
    throw refused(`it was signed more than ${windowMs / 1_000} s ago or ahead; are both clocks right?`);
  return text;
}

function textOf(headers: SignedRequest['headers'], name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

function refused(why: string): AppError {
  return new AppError('UNAUTHORIZED', `The webhook was not accepted: ${why}.`);
}
