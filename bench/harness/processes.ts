/** What the processes of a benchmark use, as the kernel counts it: CPU seconds and memory, by part. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** The parts of a cluster, told apart by how their processes were started. The first that fits names the process. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ['postgres', /(^|\/)postgres(\s|:)/],
  ['redis', /redis-server|valkey-server/],
  ['scheduler', /windlass\.mjs scheduler/],
  ['worker', /windlass\.mjs worker/],
  ['webserver', /windlass\.mjs webserver/],
  ['monitor', /windlass\.mjs monitor/],
  ['triggerer', /windlass\.mjs triggerer/],
  ['standalone', /windlass\.mjs standalone/],
  ['raw', /bench\/raw\//],
];
/** A task process is what a worker started. */
const CHILD_OF_WORKER = 'tasks';
/** The kernel counts in ticks of 10 ms: a constant of the Linux interface. */
const TICKS_PER_SECOND = 100;

export interface Usage {
  /** User and system time, living and ended processes alike. */
  readonly cpuSeconds: number;
  readonly processes: number;
  /** Proportional set size: shared pages counted once over all. */
  readonly pssMb: number;
  readonly rssMb: number;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Its own. */
  readonly cpuSeconds: number;
  /** Of children that ended and were waited for. */
  readonly endedSeconds: number;
  readonly command: string;
}

/** Usage of everything below the process `root`, by part. Memory is only read when asked for: it is slow. */
export function usageBelow(root: number, withMemory = false): ReadonlyMap<string, Usage> {
  const all = new Map(readProcesses().map((one) => [one.pid, one]));
  const usage = new Map<string, Usage>();
  for (const process of all.values()) {
    const part = partOf(process, all, root);
    if (part === null) continue;
    const memory = withMemory ? memoryOf(process.pid) : { pssMb: 0, rssMb: 0 };
    add(usage, part, { cpuSeconds: process.cpuSeconds, processes: 1, ...memory });
    // What ended below a worker were task processes.
    add(usage, part === 'worker' ? CHILD_OF_WORKER : part, { cpuSeconds: process.endedSeconds, processes: 0, pssMb: 0, rssMb: 0 });
  }
  return usage;
}

function add(usage: Map<string, Usage>, part: string, more: Usage): void {
  const known = usage.get(part) ?? { cpuSeconds: 0, processes: 0, pssMb: 0, rssMb: 0 };
  usage.set(part, {
    cpuSeconds: known.cpuSeconds + more.cpuSeconds,
    processes: known.processes + more.processes,
    pssMb: known.pssMb + more.pssMb,
    rssMb: known.rssMb + more.rssMb,
  });
}

/** CPU seconds spent since `before`, by part. */
export function cpuSince(before: ReadonlyMap<string, Usage>, now: ReadonlyMap<string, Usage>): ReadonlyMap<string, number> {
  return new Map([...now].map(([part, usage]) => [part, usage.cpuSeconds - (before.get(part)?.cpuSeconds ?? 0)]));
}

/** Null for a process that is not below `root`. A guard or shell in between takes the name of what it started. */
function partOf(process: Process, all: ReadonlyMap<number, Process>, root: number): string | null {
  let part: string | null = null;
  for (let one: Process | undefined = process; one !== undefined; one = all.get(one.parent)) {
    if (one.pid === root) return process.pid === root ? null : (part ?? 'other');
    const named = PARTS.find(([, pattern]) => pattern.test((one as Process).command))?.[0];
    part ??= named === 'worker' && one !== process ? CHILD_OF_WORKER : (named ?? null);
  }
  return null;
}

function readProcesses(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        // The name in parentheses may hold anything; what follows it does not.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        // utime, stime, and those of children that were waited for.
        const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map((ticks) => Number(ticks) / TICKS_PER_SECOND);
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [
          {
            pid: Number(name),
            parent: Number(fields[1]),
            cpuSeconds: (user ?? 0) + (system ?? 0),
            endedSeconds: (endedUser ?? 0) + (endedSystem ?? 0),
            command,
          },
        ];
      } catch {
        return []; // It ended while we looked.
      }
    });
}

function memoryOf(pid: number): { readonly pssMb: number; readonly rssMb: number } {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const mb = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
    return { pssMb: mb('Pss'), rssMb: mb('Rss') };
  } catch {
    return { pssMb: 0, rssMb: 0 };
  }
}
