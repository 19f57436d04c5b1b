/** One variable of the environment by its name, for files of the operator that refer to it (io_config.yaml). */
import type { Environment } from './config.ts';

export function environmentVariable(name: string, environment: Environment = process.env): string | undefined {
  return environment[name];
}
