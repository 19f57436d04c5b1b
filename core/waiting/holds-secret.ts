/** Whether arguments of a wait have to be encrypted where they are stored. */
import { isSensitiveKey } from '../sensitive-key.ts';

const DEPTH_MAX = 20;

/** By the name of a key at any depth, or a URL with a query or a password. */
export function holdsSecret(value: unknown, depth = 0): boolean {
  if (depth > DEPTH_MAX) return true;
  if (typeof value === 'string') return /^[a-z][a-z\d+.-]*:\/\/(?:[^/]*@|.*\?)/i.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => isSensitiveKey(key) || holdsSecret(inner, depth + 1));
}
