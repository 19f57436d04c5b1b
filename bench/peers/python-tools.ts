/** Throw-away Python environments with exactly one system in each, from Python's registry. Made once, used again. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Pinned, so that a figure names what it was measured with. Airflow's provider for Celery does not load with Celery 5.7. */
export const REQUIREMENTS = {
  airflow: ['apache-airflow[celery,postgres]==3.3.2', 'celery==5.6.3', 'redis'],
  prefect: ['prefect==3.9.1', 'asyncpg'],
} as const satisfies Record<string, readonly string[]>;

/** Returns the folder of the environment's programs. Takes minutes the first time. */
export function pythonEnvironment(root: string, system: keyof typeof REQUIREMENTS): string {
  const folder = join(root, system);
  const finished = join(folder, 'installed.txt');
  const wanted = REQUIREMENTS[system].join('\n');
  if (!existsSync(finished) || readFileSync(finished, 'utf8') !== wanted) {
    mkdirSync(root, { recursive: true });
    process.stderr.write(`installing ${REQUIREMENTS[system].join(', ')} into ${folder} …\n`);
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
    execFileSync(join(folder, 'bin/pip'), ['install', '--quiet', ...REQUIREMENTS[system]], { stdio: 'inherit' });
    writeFileSync(finished, wanted);
  }
  return join(folder, 'bin');
}
