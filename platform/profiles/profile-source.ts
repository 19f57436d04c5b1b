/**
 * Connections out of io_config.yaml, as one more place to find them. The file is read again when it changes. A plain
 * id is looked for in the profile that is in force (WINDLASS_PROFILE); `prod.postgres` names another one.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { AppError } from '#core/errors.ts';
import type { Config } from '#platform/config/config.ts';
import { environmentVariable } from '#platform/config/environment-variable.ts';
import type { Connection } from '#platform/secrets/connection.ts';
import { type ProfileEntry, type Profiles, readProfiles } from './read-profiles.ts';

export interface ProfileListing {
  readonly id: string;
  readonly profile: string;
  /** Whether the plain id finds this one. */
  readonly inForce: boolean;
}

/** The profile of those who never chose one. */
const NO_CHOICE = 'default';

export class ProfileSource {
  readonly #config: Pick<Config, 'ioConfig' | 'profile'>;
  #stamp = '';
  #profiles: Profiles = new Map();

  constructor(config: Pick<Config, 'ioConfig' | 'profile'>) {
    this.#config = config;
  }

  /** Null when the file does not have it. `variable` answers references to variables. Throws CONFIG_INVALID about the file. */
  async connection(id: string, variable: (key: string) => Promise<string | null>): Promise<Connection | null> {
    const entry = this.#find(id);
    if (entry === undefined) return null;
    const found = await entry.read({ environment: environmentVariable, variable });
    return { ...found, id };
  }

  /** What the file has, without values. */
  list(): readonly ProfileListing[] {
    const { profile: inForce } = this.#config;
    return [...this.#read()].flatMap(([profile, entries]) =>
      [...entries.keys()].map((id) => ({ id: profile === inForce ? id : `${profile}.${id}`, profile, inForce: profile === inForce })),
    );
  }

  #find(id: string): ProfileEntry | undefined {
    const profiles = this.#read();
    const own = profiles.get(this.#config.profile)?.get(id);
    if (own !== undefined) return own;
    const dot = id.indexOf('.');
    return dot < 0 ? undefined : profiles.get(id.slice(0, dot))?.get(id.slice(dot + 1));
  }

  #read(): Profiles {
    const { ioConfig, profile } = this.#config;
    const found = statSync(ioConfig, { throwIfNoEntry: false });
    const stamp = found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`;
    if (stamp === this.#stamp) return this.#profiles;
    const profiles = found === undefined ? new Map() : readProfiles(readFileSync(ioConfig, 'utf8'), basename(ioConfig));
    if (!profiles.has(profile) && (found !== undefined || profile !== NO_CHOICE)) throw noSuchProfile(ioConfig, profile, profiles);
    this.#profiles = profiles;
    this.#stamp = stamp;
    return profiles;
  }
}

function noSuchProfile(path: string, profile: string, profiles: Profiles): AppError {
  const there = profiles.size === 0 ? 'there is none' : `it has ${[...profiles.keys()].join(', ')}`;
  return new AppError('CONFIG_INVALID', `WINDLASS_PROFILE names the profile "${profile}" of ${path}, but ${there}.`);
}
