/** Tells by the name of a value whether it is a secret. */

/** Airflow's list of words that make a key's value a secret. */
const SENSITIVE = /passw|secret|token|api_?key|apikey|private_?key|passphrase|authorization|credential|access_?key|keyfile/i;

export function isSensitiveKey(key: string): boolean {
  return SENSITIVE.test(key);
}
