/**
 * Encryption at rest for connections and variables: AES-256-GCM with a random nonce. The place a value belongs
 * to (table, row, column) is authenticated with it, so that a ciphertext copied to another row does not open.
 *
 * Layout: version (1 byte) | key id (4) | nonce (12) | tag (16) | ciphertext.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { AppError } from '#core/errors.ts';
import type { Secret } from '#platform/config/config.ts';

const VERSION = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const MIN_KEY_CHARS = 32;

/** Where a value lives. */
export interface SecretPlace {
  readonly table: 'connection' | 'variable' | 'waiter';
  readonly id: string;
  readonly column: string;
}

export function variablePlace(key: string): SecretPlace {
  return { table: 'variable', id: key, column: 'value' };
}

export interface Envelope {
  seal(place: SecretPlace, plaintext: string): Buffer;
  /** Throws CONFIG_INVALID when the value was sealed with another key, or was changed or moved. */
  open(place: SecretPlace, sealed: Buffer): string;
}

/** Throws CONFIG_INVALID when the key is missing or short: there is no plaintext fallback. */
export function openEnvelope(secretKey: Secret): Envelope {
  const text = secretKey.reveal();
  if (text.length < MIN_KEY_CHARS)
    throw new AppError(
      'CONFIG_INVALID',
      `WINDLASS_SECRET_KEY must have at least ${MIN_KEY_CHARS} characters; it encrypts connections and variables. ` +
        'Make one with: openssl rand -base64 32, and give the same one to every process.',
    );
  const key = Buffer.from(hkdfSync('sha256', text, 'windlass', 'secrets-at-rest', 32));
  const keyId = createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES);

  return {
    seal(place, plaintext) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(additionalData(place, keyId));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), keyId, nonce, cipher.getAuthTag(), ciphertext]);
    },
    open(place, sealed) {
      const body = sealed.subarray(HEADER_BYTES);
      if (sealed.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES || sealed[0] !== VERSION) throw damaged(place);
      if (!sealed.subarray(1, HEADER_BYTES).equals(keyId)) throw otherKey(place);
      const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, NONCE_BYTES));
      decipher.setAAD(additionalData(place, keyId));
      decipher.setAuthTag(body.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(body.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
      } catch {
        throw damaged(place);
      }
    },
  };
}

function additionalData(place: SecretPlace, keyId: Buffer): Buffer {
  return Buffer.from(JSON.stringify([place.table, place.id, place.column, keyId.toString('hex')]));
}

function otherKey(place: SecretPlace): AppError {
  return new AppError(
    'CONFIG_INVALID',
    `The ${place.table} ${place.id} was stored with another WINDLASS_SECRET_KEY. Start with the key it was stored with, or save the ${place.table} again.`,
  );
}

function damaged(place: SecretPlace): AppError {
  return new AppError('CONFIG_INVALID', `The stored ${place.table} ${place.id} is damaged and cannot be decrypted. Save it again.`);
}
