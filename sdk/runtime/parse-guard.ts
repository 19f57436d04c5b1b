/**
 * Keeps build functions pure: while one runs, network, timers, processes and file writes throw. A guard for
 * honest mistakes, not a wall; the wall is the process around it.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { AppError } from '#core/errors.ts';
import { BUNDLE_BEGINS } from '../brands.ts';

/** Set to a number of milliseconds by the process that parses DAG files; elsewhere there is no budget. */
export const BUILD_BUDGET = Symbol.for('windlass.build-budget-ms');
/** Set where none of what is forbidden exists, and whoever set it watches the time. */
export const SEALED = Symbol.for('windlass.sealed-realm');

const WRITES = [
  'writeFile',
  'writeFileSync',
  'appendFile',
  'appendFileSync',
  'mkdir',
  'mkdirSync',
  'rm',
  'rmSync',
  'unlink',
  'unlinkSync',
  'rename',
  'renameSync',
  'createWriteStream',
  'copyFileSync',
];

type Holder = Record<string, unknown>;

interface Forbidden {
  readonly holder: object;
  readonly names: readonly string[];
  readonly does: string;
}

const forbidden = (): readonly Forbidden[] => [
  { holder: globalThis, names: ['fetch'], does: 'ask the network' },
  { holder: globalThis, names: ['setTimeout', 'setInterval', 'setImmediate'], does: 'start a timer' },
  { holder: net.Socket.prototype, names: ['connect'], does: 'open a connection' },
  { holder: fs, names: WRITES, does: 'write files' },
  { holder: fs.promises, names: ['writeFile', 'appendFile', 'mkdir', 'rm', 'unlink', 'rename'], does: 'write files' },
  {
    holder: childProcess,
    names: ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'],

    does: 'start a process',
  },
];

let depth = 0;

/**
 * Runs `build` guarded. `what` names it in messages; `extraMs` is what a large DAG may take beyond the budget.
 * Throws DAG_INVALID on a forbidden call or an exceeded budget.
 */
export function withParseGuard<R>(what: string, build: () => R, extraMs: () => number = () => 0): R {
  // A process that runs tasks imports what was guarded when it was parsed.
  if (SEALED in globalThis || BUNDLE_BEGINS in globalThis) return build();
  const restore = depth++ === 0 ? forbid(what) : () => undefined;
  const before = process.cpuUsage();
  let result: R;
  try {
    result = build();
  } finally {
    depth -= 1;
    restore();
  }
  checkBudget(what, process.cpuUsage(before), extraMs());
  return result;
}

function forbid(what: string): () => void {
  const replaced: { holder: Holder; name: string; original: unknown }[] = [];
  for (const { holder, names, does } of forbidden())
    for (const name of names) {
      const original = (holder as Holder)[name];
      if (typeof original !== 'function') continue;
      replaced.push({ holder: holder as Holder, name, original });
      (holder as Holder)[name] = () => {
        throw new AppError(
          'DAG_INVALID',
          `${name}() was called by ${what}, which must not ${does}: it runs whenever the file is read. Move the call into a task.`,
        );
      };
    }
  syncBuiltinESMExports();
  return () => {
    for (const { holder, name, original } of replaced) holder[name] = original;
    syncBuiltinESMExports();
  };
}

/** CPU time, not wall time: a busy machine must not turn good files into broken ones. */
function checkBudget(what: string, used: NodeJS.CpuUsage, extraMs: number): void {
  const given = (globalThis as unknown as Record<symbol, unknown>)[BUILD_BUDGET];
  if (typeof given !== 'number') return;
  const budgetMs = Math.round(given + extraMs);
  const usedMs = (used.user + used.system) / 1_000;
  if (usedMs <= budgetMs) return;
  throw new AppError(
    'DAG_INVALID',
    `${what} took ${Math.round(usedMs)} ms of CPU time; ${budgetMs} ms are allowed, because it runs whenever the file is read. Move work into tasks.`,
  );
}
