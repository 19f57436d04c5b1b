/** Hides secrets in answers: what is written to Windlass as a secret never comes back, for any role. */

export const HIDDEN = '***';

/** Airflow's list of telling names (secrets masker), compared in lower case, as part of the key. */
const TELLING = [
  'access_token',
  'api_key',
  'apikey',
  'authorization',
  'passphrase',
  'passwd',
  'password',
  'private_key',
  'secret',
  'token',
  'keyfile_dict',
  'service_account',
];

export function isTellingName(name: string): boolean {
  const lower = name.toLowerCase();
  return TELLING.some((part) => lower.includes(part));
}

/** A JSON object's text with the values of telling keys hidden; text that is no JSON is hidden whole. */
export function redactJsonText(text: string | null): string | null {
  if (text === null || text === '') return text;
  try {
    return JSON.stringify(redactValue(JSON.parse(text)));
  } catch {
    return HIDDEN;
  }
}

export function redactValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isTellingName(key) && inner !== null && inner !== '' ? HIDDEN : redactValue(inner)]),
  );
}

/** Puts the stored values back where a client sent our own `***`: reading and saving again must change nothing. */
export function restoreHidden(given: unknown, stored: unknown): unknown {
  if (given === HIDDEN) return stored ?? null;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const old = typeof stored === 'object' && stored !== null ? (stored as Readonly<Record<string, unknown>>) : {};
  return Object.fromEntries(
    Object.entries(given).map(([key, inner]) => [key, restoreHidden(inner, Object.hasOwn(old, key) ? old[key] : undefined)]),
  );
}
