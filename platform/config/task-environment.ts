/** What of the environment a process that runs strangers' code may see: an allow-list, so that no credential slips in. */
import type { Environment } from './config.ts';

const ALLOWED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

/** Returns the variables for a task process; times are UTC there, whatever the machine's zone. */
export function taskEnvironment(environment: Environment = process.env): Record<string, string> {
  const kept: Record<string, string> = { TZ: 'UTC' };
  for (const name of ALLOWED) {
    const value = environment[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
