/** Password hashing: argon2id with OWASP's floor (19 MiB, 2 passes, 1 lane). */
import { hash, verify } from '@node-rs/argon2';
import { AppError } from '#core/errors.ts';

const MIN_LENGTH_CHARS = 8;
const MAX_LENGTH_CHARS = 128;
/** Memory in KiB; the package's default algorithm is argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Hashes a new password. Throws BAD_REQUEST when it is too short or too long. */
export async function hashPassword(password: string): Promise<string> {
  if (password.length < MIN_LENGTH_CHARS || password.length > MAX_LENGTH_CHARS)
    throw new AppError(
      'BAD_REQUEST',
      `A password has ${MIN_LENGTH_CHARS} to ${MAX_LENGTH_CHARS} characters; this one has ${password.length}. Choose another one.`,
    );
  return hash(password, COST);
}

let strawHash: Promise<string> | null = null;

/**
 * Compares in the same time whether the user exists (`storedHash` given) or not (null), so that the answer's
 * delay does not tell which names are taken.
 */
export async function matchesPassword(storedHash: string | null, password: string): Promise<boolean> {
  const bounded = password.slice(0, MAX_LENGTH_CHARS + 1);
  strawHash ??= hash('nobody has this password', COST);
  const matches = await verify(storedHash ?? (await strawHash), bounded).catch(() => false);
  return storedHash !== null && matches && password.length <= MAX_LENGTH_CHARS;
}
