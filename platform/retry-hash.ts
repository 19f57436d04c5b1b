/** The number that spreads the retries of a try: one for worker, triggerer and scheduler, so that all name the same instant. */
import { createHash } from 'node:crypto';
import { type RetryKey, retryKeyText } from '#core/retries.ts';

export function retryHash(key: RetryKey): bigint {
  return BigInt(`0x${createHash('sha1').update(retryKeyText(key)).digest('hex')}`);
}
