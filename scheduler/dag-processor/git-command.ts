/** Runs the system's git: with time limits, without prompts, and with credentials that no argument and no message shows. */
import { execFile } from 'node:child_process';
import { formatDuration } from '#core/duration.ts';
import { gitEnvironment } from '#platform/config/git-environment.ts';

export interface GitCredentials {
  readonly login: string;
  readonly password: string;
}

export interface GitCommand {
  readonly gitDir: string;
  readonly workTree: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly remote?: {
    readonly url: string;
    readonly credentials: GitCredentials | null;
    readonly sshKeyFile: string | null;
  };
}

export class GitError extends Error {
  readonly stderr: string;
  constructor(message: string, stderr: string) {
    super(message);
    this.name = 'GitError';
    this.stderr = stderr;
  }
}

const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/** Returns what git printed. Throws GitError in words; what git said is in it without the password. */
export function runGit(command: GitCommand): Promise<string> {
  const { gitDir, workTree, args, timeoutMs } = command;
  // Links could point anywhere on this machine; as plain files they point nowhere.
  const all = [`--git-dir=${gitDir}`, `--work-tree=${workTree}`, '-c', 'core.symlinks=false', '-c', 'core.hooksPath=/dev/null', ...args];
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX, env: environmentOf(command) } as const;
    execFile('git', all, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout.trim());
      const said = scrub(stderr, command);
      if (error.code === 'ENOENT') return reject(new GitError('git is not installed on this machine', said));
      if (error.killed) return reject(new GitError(`git gave no answer within ${formatDuration(timeoutMs)}`, said));
      reject(new GitError(lastLineOf(said) || `git ended with code ${error.code ?? 'unknown'}`, said));
    });
  });
}

function environmentOf({ remote }: GitCommand): Record<string, string> {
  const environment: Record<string, string> = {
    ...gitEnvironment(),
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
    LC_ALL: 'C',
  };
  const key = remote?.sshKeyFile ?? null;
  const identity = key === null ? '' : ` -o IdentitiesOnly=yes -i '${key.replaceAll("'", "'\\''")}'`;
  environment['GIT_SSH_COMMAND'] = `ssh -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=accept-new${identity}`;
  const origin = remote?.credentials == null ? null : URL.parse(remote.url);
  if (origin !== null && remote?.credentials) {
    const { login, password } = remote.credentials;
    // In the environment, for this host only: arguments can be read by every user of the machine.
    environment['GIT_CONFIG_COUNT'] = '1';
    environment['GIT_CONFIG_KEY_0'] = `http.${origin.protocol}//${origin.host}/.extraHeader`;
    environment['GIT_CONFIG_VALUE_0'] = `Authorization: Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
  }
  return environment;
}

function scrub(text: string, { remote }: GitCommand): string {
  const withoutLogins = text.replace(/(\w+:\/\/)[^/@\s]*@/g, '$1');
  const password = remote?.credentials?.password ?? '';
  return password === '' ? withoutLogins : withoutLogins.replaceAll(password, '***');
}

function lastLineOf(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /^(fatal|error|remote):/.test(line)) ?? lines.at(-1) ?? '').trim();
}
