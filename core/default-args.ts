/**
 * What an installation gives to tasks that say nothing themselves. A process that reads DAG files sets it before it does;
 * everywhere else the file has been read already.
 */
import { TASK_DEFAULTS } from './dag-spec.ts';

export interface InstallationDefaults {
  readonly retries: number;
  readonly retryDelayMs: number;
}

const KEY = Symbol.for('windlass.installation-defaults');
const GIVEN: InstallationDefaults = { retries: TASK_DEFAULTS.retries, retryDelayMs: TASK_DEFAULTS.retryDelayMs };

export function setInstallationDefaults(defaults: InstallationDefaults): void {
  (globalThis as Record<symbol, unknown>)[KEY] = defaults;
}

export function installationDefaults(): InstallationDefaults {
  return ((globalThis as Record<symbol, unknown>)[KEY] as InstallationDefaults | undefined) ?? GIVEN;
}
