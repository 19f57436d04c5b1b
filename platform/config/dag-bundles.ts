/**
 * Where DAG files come from: the dags folder, which is always there, and the bundles of WINDLASS_DAG_BUNDLES, a JSON
 * list such as [{"name": "etl", "git": "https://host/team/etl.git", "ref": "main", "subdir": "dags"}].
 */
import { isAbsolute, resolve } from 'node:path';
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import type { Config } from './config.ts';

export const DAGS_FOLDER_BUNDLE = 'dags-folder';

export interface FolderBundle {
  readonly kind: 'folder';
  readonly name: string;
  readonly folder: string;
}

export interface GitBundle {
  readonly kind: 'git';
  readonly name: string;
  readonly url: string;
  /** Branch, tag or commit. */
  readonly ref: string;
  /** Folder of the repository that holds the DAG files; empty = all of it. */
  readonly subdir: string;
  readonly refreshMs: number;
  /** Connection with login and password (a token) for https. */
  readonly connectionId: string | null;
  /** File that holds the password or token, instead of a connection. */
  readonly tokenFile: string | null;
  readonly sshKeyFile: string | null;
}

export type BundleSettings = FolderBundle | GitBundle;

const REFRESH_SECONDS = 60;
const REFRESH_SECONDS_MIN = 5;
const FOLDER_KEYS = ['name', 'path'];
const GIT_KEYS = ['name', 'git', 'ref', 'subdir', 'refreshSeconds', 'connection', 'tokenFile', 'sshKeyFile'];
const PROTOCOLS = /^(https?:\/\/|ssh:\/\/|git:\/\/|file:\/\/|\/|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:)/;

type Entry = Readonly<Record<string, unknown>>;

/** The dags folder first, then the list in its order. Throws CONFIG_INVALID naming the entry and what is wrong with it. */
export function readBundles(config: Pick<Config, 'dagBundles' | 'dagsFolder'>): readonly BundleSettings[] {
  const bundles: BundleSettings[] = [{ kind: 'folder', name: DAGS_FOLDER_BUNDLE, folder: config.dagsFolder }];
  for (const entry of parseList(config.dagBundles)) {
    const bundle = readEntry(entry);
    if (bundles.some((other) => other.name === bundle.name))
      throw invalid(
        `has two bundles with the name ${JSON.stringify(bundle.name)}. Names must be unique; ${DAGS_FOLDER_BUNDLE} is the dags folder`,
      );
    bundles.push(bundle);
  }
  return bundles;
}

function parseList(text: string): readonly Entry[] {
  if (text.trim() === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`is no JSON: ${(error as Error).message}. Write it as [{"name": "etl", "git": "https://host/team/etl.git"}]`);
  }
  const isEntry = (entry: unknown) => typeof entry === 'object' && entry !== null && !Array.isArray(entry);
  if (Array.isArray(value) && value.every(isEntry)) return value as readonly Entry[];
  throw invalid('must be a JSON list of objects, such as [{"name": "team-a", "path": "/srv/team-a/dags"}]');
}

function readEntry(entry: Entry): BundleSettings {
  const { name } = entry;
  if (!isKey(name)) throw invalid(`has a bundle whose name is ${JSON.stringify(name)}. Use letters, digits, "_", "-" and "."`);
  const isGit = entry['git'] !== undefined;
  const keys = isGit ? GIT_KEYS : FOLDER_KEYS;
  for (const key of Object.keys(entry))
    if (!keys.includes(key)) {
      const near = closest(key, keys);
      throw invalid(
        `bundle ${name}: there is no setting ${JSON.stringify(key)}.${near ? ` Did you mean ${near}?` : ` Use ${keys.join(', ')}`}`,
      );
    }
  const text = (key: string, fallback: string | null): string => {
    const value = entry[key] ?? fallback;
    if (typeof value === 'string' && (value !== '' || fallback === '')) return value;
    throw invalid(`bundle ${name}: ${key} must be a text`);
  };
  if (!isGit) {
    const folder = text('path', null);
    if (!isAbsolute(folder)) throw invalid(`bundle ${name}: path must be absolute, but is ${folder}`);
    return { kind: 'folder', name, folder: resolve(folder) };
  }
  return gitBundle(name, entry, text);
}

function gitBundle(name: string, entry: Entry, text: (key: string, fallback: string | null) => string): GitBundle {
  const url = text('git', null);
  // The URL is not shown: it may hold a password.
  if (!PROTOCOLS.test(url)) throw invalid(`bundle ${name}: git must be a URL (https, ssh, git, file), user@host:path or an absolute path`);
  if (/^https?:\/\/[^/]*:[^/]*@/.test(url))
    throw invalid(`bundle ${name}: git holds a password, which would be shown. Name a connection, or a tokenFile, instead`);
  const ref = text('ref', 'HEAD');
  if (ref.startsWith('-') || !/^[A-Za-z0-9._/-]+$/.test(ref))
    throw invalid(`bundle ${name}: ref ${JSON.stringify(ref)} is no branch, tag or commit`);
  const subdir = text('subdir', '');
  if (isAbsolute(subdir) || subdir.split('/').includes('..')) throw invalid(`bundle ${name}: subdir must lie inside of the repository`);
  const seconds = entry['refreshSeconds'] ?? REFRESH_SECONDS;
  if (typeof seconds !== 'number' || !(seconds >= REFRESH_SECONDS_MIN))
    throw invalid(`bundle ${name}: refreshSeconds must be a number of at least ${REFRESH_SECONDS_MIN}`);
  const optional = (key: string) => (entry[key] === undefined ? null : text(key, null));
  return {
    kind: 'git',
    name,
    url,
    ref,
    subdir,
    refreshMs: seconds * 1_000,
    connectionId: optional('connection'),
    tokenFile: optional('tokenFile'),
    sshKeyFile: optional('sshKeyFile'),
  };
}

function invalid(what: string): AppError {
  return new AppError('CONFIG_INVALID', `WINDLASS_DAG_BUNDLES ${what}.`);
}
