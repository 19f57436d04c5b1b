/**
 * Runs before `npm test`: makes sure that what the tests need beyond npm is there. Takes it from the PATH, else
 * installs it with apt-get where it may (root, or sudo without a password), else says what to install and fails.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '../platform/config/find-on-path.ts';

interface Need {
  readonly what: string;
  /** Any one of these programs will do. */
  readonly programs: readonly string[];
  /** Debian's and Ubuntu's packages, tried in this order. */
  readonly packages: readonly string[];
  readonly otherwise: string;
}

const NEEDS: readonly Need[] = [
  {
    what: 'Redis, for the tests of the broker',
    programs: ['redis-server', 'valkey-server'],
    packages: ['redis-server', 'valkey-server'],
    otherwise: 'dnf install redis / brew install redis',
  },
  {
    what: 'Chromium, for the tests in a browser',
    programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    packages: ['chromium', 'chromium-browser'],
    otherwise: 'dnf install chromium / brew install --cask chromium',
  },
];

const missing = NEEDS.filter((need) => findOnPath(need.programs) === undefined);
if (missing.length > 0) installOrExplain(missing);
const build = spawnSync(process.execPath, [fileURLToPath(new URL('build-ui.ts', import.meta.url))], { stdio: 'inherit' });
process.exitCode = build.status ?? 1;

function installOrExplain(needs: readonly Need[]): void {
  const asRoot = rootPrefix();
  const aptGet = findOnPath(['apt-get']);
  if (aptGet !== undefined && asRoot !== undefined) {
    console.error(`npm test needs ${needs.map((need) => need.what).join(' and ')}; installing with apt-get …`);
    run([...asRoot, aptGet, 'update', '-qq']);
    for (const need of needs) need.packages.some((name) => run([...asRoot, ...installCommand(aptGet, name)]));
  }
  const still = needs.filter((need) => findOnPath(need.programs) === undefined);
  if (still.length === 0) return;
  console.error('npm test cannot run: programs are missing that it must not, or could not, install itself.');
  for (const need of still) console.error(`  ${need.what}: sudo apt-get install -y ${need.packages[0]}   (or: ${need.otherwise})`);
  console.error('Install them, then run npm test again.');
  process.exit(1);
}

/** RUNLEVEL=1 keeps the package from starting a service of its own on this machine. */
function installCommand(aptGet: string, name: string): readonly string[] {
  const options = ['-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600'];
  return ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', aptGet, 'install', ...options, name];
}

/** What to put before a command to run it as root, or undefined when we may not. */
function rootPrefix(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  const sudo = findOnPath(['sudo']);
  return sudo !== undefined && spawnSync(sudo, ['-n', 'true']).status === 0 ? [sudo, '-n'] : undefined;
}

function run(command: readonly string[]): boolean {
  const [program, ...args] = command;
  return spawnSync(program as string, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}
