/**
 * What a process we start gets: the settings that are no secret in its environment, the secret ones apart, to
 * be sent through a pipe, because /proc/<pid>/environ of a process shows its environment for its whole life.
 */
import { CONFIG_KEYS } from './keys.ts';

const SECRET_NAMES: ReadonlySet<string> = new Set(
  Object.values(CONFIG_KEYS).flatMap((key) => (key.type === 'secret' ? [key.env, `${key.env}_FILE`] : [])),
);

export interface ChildEnvironment {
  readonly environment: Readonly<Record<string, string>>;
  /** Of the environment; secrets of `.env.local` are read by each process itself. */
  readonly secrets: Readonly<Record<string, string>>;
}

export function childEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): ChildEnvironment {
  const open: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || name === 'WINDLASS_CONFIG_FD') continue;
    const isSecret = SECRET_NAMES.has(name) || /^WINDLASS_(CONN|VAR|PLUGIN)_/.test(name);
    (isSecret ? secrets : open)[name] = value;
  }
  return { environment: open, secrets };
}

/** All of ours, for a command that a person runs by us. */
export function wholeEnvironment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env };
}

/** Whether `npm start` or `npm run …` is our parent. */
export function wasStartedByNpm(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return environment['npm_lifecycle_event'] !== undefined;
}
