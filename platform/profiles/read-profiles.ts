/**
 * Reads io_config.yaml: named profiles (`default`, `dev`, `prod`), each with connections. Values may refer to the
 * environment and to variables, `{{ env_var('POSTGRES_HOST') }}`, so that no secret need stand in the file.
 */
import type * as Yaml from 'yaml';
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { lazyPackage } from '#platform/lazy-package.ts';
import { type Connection, parseConnection } from '#platform/secrets/connection.ts';
import { FOREIGN_KEYS, PROFILE_CONNECTIONS } from './profile-keys.ts';
import { type Resolvers, takeReferences } from './references.ts';

const yaml = lazyPackage<typeof Yaml>('yaml');

/** A connection as the file has it; its references are looked up when a task asks for it. */
export interface ProfileEntry {
  read(resolvers: Resolvers): Promise<Connection>;
}

/** Profile name -> connection id -> connection. */
export type Profiles = ReadonlyMap<string, ReadonlyMap<string, ProfileEntry>>;

/** Where a message points to. */
interface Place {
  readonly file: string;
  readonly profile: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Fill = (value: unknown, resolvers: Resolvers) => Promise<unknown>;

/** Keys beside the profiles. */
const NOT_PROFILES = new Set(['version']);

/** Throws CONFIG_INVALID with file, line or profile and what to write instead; never with a value, which may be a secret. */
export function readProfiles(text: string, file: string): Profiles {
  const references = takeReferences(text, file);
  const document = yaml().parseDocument(references.text);
  const broken = document.errors[0];
  if (broken !== undefined) {
    const line = broken.linePos?.[0].line;
    throw invalid(`${file}${line === undefined ? '' : `, line ${line}`} is not YAML (${broken.code}). Check indentation and quotes there.`);
  }
  const root: unknown = document.toJS();
  if (!isFields(root)) throw invalid(`${file} has no profiles. Write "default:" and its connections below it, indented.`);
  const profiles = new Map<string, ReadonlyMap<string, ProfileEntry>>();
  for (const [profile, given] of Object.entries(root)) {
    if (NOT_PROFILES.has(profile)) continue;
    const place = { file, profile };
    if (given !== null && !isFields(given)) throw invalid(`${where(place)} must be a list of "KEY: value" lines.`);
    profiles.set(profile, readProfile(given ?? {}, place, references.fill));
  }
  return profiles;
}

function readProfile(given: Fields, place: Place, fill: Fill): Map<string, ProfileEntry> {
  const { connections, ...keys } = given;
  const entries = new Map<string, ProfileEntry>();
  const known = new Set(['connections']);
  for (const { id, type, keys: parts } of PROFILE_CONNECTIONS) {
    for (const key of Object.keys(parts)) known.add(key);
    const used = Object.entries(parts).filter(([key]) => keys[key] !== undefined && keys[key] !== null);
    if (used.length === 0) continue;
    entries.set(id, {
      async read(resolvers) {
        const fields: Record<string, unknown> = { conn_type: type };
        const extra: Record<string, unknown> = {};
        for (const [key, part] of used) {
          const value = await fill(keys[key], resolvers);
          if (part.startsWith('extra.')) extra[part.slice('extra.'.length)] = value;
          else fields[part] = part === 'port' ? portOf(value, key, place) : String(value);
        }
        return parseConnection(id, JSON.stringify({ ...fields, extra }), where(place));
      },
    });
  }
  for (const key of Object.keys(keys)) refuseUnknown(key, known, place);
  if (connections === undefined || connections === null) return entries;
  if (!isFields(connections)) throw invalid(`${where(place)}: "connections" must be a list of "id: …" entries.`);
  for (const [id, one] of Object.entries(connections)) entries.set(id, ownConnection(id, one, place, fill));
  return entries;
}

/** `warehouse: postgres://…` or `warehouse: { conn_type: postgres, host: … }`, Airflow's fields. */
function ownConnection(id: string, given: unknown, place: Place, fill: Fill): ProfileEntry {
  if (typeof given !== 'string' && !(isFields(given) && typeof given['conn_type'] === 'string'))
    throw invalid(`${where(place)}: the connection "${id}" must be a URL, or fields with "conn_type", for example conn_type: postgres.`);
  return {
    async read(resolvers) {
      const filled = await fill(given, resolvers);
      return parseConnection(id, typeof filled === 'string' ? filled : JSON.stringify(filled), `${where(place)}: the connection "${id}"`);
    },
  };
}

function refuseUnknown(key: string, known: ReadonlySet<string>, place: Place): void {
  if (known.has(key)) return;
  const near = closest(key, known);
  if (near === null && FOREIGN_KEYS.test(key)) return;
  throw invalid(
    `${where(place)}: ${key} is no key of a profile.${near ? ` Did you mean ${near}?` : ''} A connection of another name goes below "connections:".`,
  );
}

function portOf(value: unknown, key: string, place: Place): number {
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw invalid(`${where(place)}: ${key} must be a port from 1 to 65535.`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function where({ file, profile }: Place): string {
  return `${file}, profile "${profile}"`;
}

function invalid(message: string): AppError {
  return new AppError('CONFIG_INVALID', message);
}
