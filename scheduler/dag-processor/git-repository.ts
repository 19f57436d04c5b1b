/**
 * The files of one git bundle: the newest commit of its ref, in a folder of this process. Fetching (the network) and
 * checking out (the files) are apart, so that nothing is parsed while files change. Commit by commit the same folder is
 * used: a file that did not change is not parsed again.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitBundle } from '#platform/config/dag-bundles.ts';
import { requireConnection, type SecretStore } from '#platform/secrets/secret-store.ts';
import { type GitCredentials, GitError, runGit } from './git-command.ts';

const FETCH_TIMEOUT_MS = 60_000;
const LOCAL_TIMEOUT_MS = 30_000;
const COMMIT = /^[0-9a-f]{40}$/;
/** Of a login that is not given: what the large hosts expect beside a token. */
const TOKEN_LOGIN = 'x-access-token';

export class GitRepository {
  readonly settings: GitBundle;
  /** Commit of the files in the folder; null = none yet. */
  commit: string | null = null;
  readonly #gitDir: string;
  readonly #workTree: string;
  readonly #secrets: SecretStore;

  constructor(settings: GitBundle, workFolder: string, secrets: SecretStore) {
    this.settings = settings;
    this.#gitDir = join(workFolder, 'git', `${settings.name}.git`);
    this.#workTree = join(workFolder, 'git', settings.name);
    this.#secrets = secrets;
  }

  get folder(): string {
    return join(this.#workTree, this.settings.subdir);
  }

  /** Asks the host. Returns the commit to check out, or null when it is checked out already. Throws in words. */
  async fetch(): Promise<string | null> {
    const { url, ref } = this.settings;
    try {
      await mkdir(this.#workTree, { recursive: true });
      if (!existsSync(this.#gitDir)) await this.#local(['init', '--quiet']);
      const commit = await this.#fetchRef();
      return commit === this.commit ? null : commit;
    } catch (error) {
      throw new Error(`The git bundle ${this.settings.name} cannot be fetched from ${withoutLogin(url)}: ${this.#explain(error, ref)}`);
    }
  }

  /** Puts the files of a fetched commit into the folder. Throws in words. */
  async checkout(commit: string): Promise<void> {
    await this.#local(['checkout', '--quiet', '--force', '--detach', commit]);
    await this.#local(['clean', '-q', '-f', '-d', '-x']);
    this.commit = commit;
    const { name, subdir, ref } = this.settings;
    if (!existsSync(this.folder))
      throw new Error(`The git bundle ${name} has no folder ${subdir} at ${ref} (commit ${commit.slice(0, 12)}). Change its subdir.`);
  }

  async #fetchRef(): Promise<string> {
    const { url, ref } = this.settings;
    const remote = { url, credentials: await this.#credentials(), sshKeyFile: this.settings.sshKeyFile };
    const fetch = (args: readonly string[]) =>
      runGit({
        gitDir: this.#gitDir,
        workTree: this.#workTree,
        args: ['fetch', '--quiet', '--no-tags', '--force', ...args],
        timeoutMs: FETCH_TIMEOUT_MS,
        remote,
      });
    try {
      await fetch(['--depth=1', '--', url, ref]);
      return await this.#local(['rev-parse', '--verify', 'FETCH_HEAD^{commit}']);
    } catch (error) {
      // Not every host hands out a commit by its name: then it is found in the history of the branches.
      if (!COMMIT.test(ref)) throw error;
      await fetch(['--', url, '+refs/heads/*:refs/remotes/origin/*']);
      return this.#local(['rev-parse', '--verify', `${ref}^{commit}`]);
    }
  }

  async #credentials(): Promise<GitCredentials | null> {
    const { connectionId, tokenFile } = this.settings;
    if (tokenFile !== null) return { login: TOKEN_LOGIN, password: (await readFile(tokenFile, 'utf8')).trim() };
    if (connectionId === null) return null;
    const { login, password } = await requireConnection(this.#secrets, connectionId);
    return { login: login ?? TOKEN_LOGIN, password: password ?? '' };
  }

  #local(args: readonly string[]): Promise<string> {
    return runGit({ gitDir: this.#gitDir, workTree: this.#workTree, args, timeoutMs: LOCAL_TIMEOUT_MS });
  }

  #explain(error: unknown, ref: string): string {
    if (!(error instanceof GitError)) return (error as Error).message;
    const known = EXPLANATIONS.find(([pattern]) => pattern.test(error.stderr));
    return known === undefined ? error.message : known[1](ref);
  }
}

/** What git says, and what it means. The first that matches counts. */
const EXPLANATIONS: readonly (readonly [RegExp, (ref: string) => string])[] = [
  [
    /couldn't find remote ref|not our ref|unadvertised object|unknown revision|Needed a single revision/i,
    (ref) => `it has no branch, tag or commit "${ref}".`,
  ],
  [/could not resolve host|name or service not known|no address associated/i, () => 'its host cannot be found. Check the URL and the DNS.'],
  [
    /connection refused|connection timed out|failed to connect|could not connect|unable to connect/i,
    () => 'its host does not answer. Is it up, and reachable from here?',
  ],
  [
    /authentication failed|could not read (username|password)|invalid credentials|permission denied|HTTP 40[13]|error: 40[13]/i,
    () => 'the credentials were refused, or there are none. Set "connection", "tokenFile" or "sshKeyFile" of the bundle.',
  ],
  [/host key verification failed/i, () => "its host key is not the one we know. Check the host, then mend the scheduler's known_hosts."],
  [
    /repository .*not found|does not appear to be a git repository|not a git repository|HTTP 404|error: 404/i,
    () => 'there is no git repository at that place.',
  ],
  [/dubious ownership/i, () => 'git refuses it, because it belongs to another user of this machine (safe.directory).'],
];

function withoutLogin(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}
