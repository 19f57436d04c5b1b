/**
 * The probe matrix: each probe with each action is a cell. Several clusters take cells from one list, so that one waits
 * for a lease to end while another works; a cluster serves many cells, one after the other.
 */
import { appendFileSync } from 'node:fs';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import type { ProbeName } from '#platform/probes/probe-table.ts';
import type { ProbeAction } from './arm-probes.ts';
import type { ProbedCluster } from './cluster.ts';
import { ledgerOf } from './dag-texts.ts';
import { compareLedger } from './ledger.ts';
import { compareModel } from './model.ts';
import type { Workload } from './workloads.ts';

export const ACTIONS: readonly ProbeAction[] = ['kill', 'pause', 'throw'];
const HISTORY_MS = 600_000;
/** For one cell: it waits for its turn behind all others. */
export const CELL_MS = 1_800_000;

export interface Cell {
  readonly probe: ProbeName;
  readonly action: ProbeAction;
  readonly workload: Workload;
}

export interface Matrix {
  /** Rejects with what went wrong in the cell. */
  result(cell: Cell): Promise<void>;
  closed(): Promise<void>;
}

/**
 * Every probe with every action. Those of a probe follow each other: while the clusters side by side are at different actions, one
 * sleeps past its leases as another starts processes. PROBE_ONLY chooses some, by a pattern over "probe action".
 */
export function cellsOf<Name extends ProbeName>(workloads: Readonly<Record<Name, Workload>>): readonly Cell[] {
  const all = Object.entries<Workload>(workloads).flatMap(([probe, workload]) =>
    ACTIONS.map((action) => ({ probe: probe as Name, action, workload })),
  );
  return all.filter(isChosen);
}

export function isChosen({ probe, action }: Pick<Cell, 'probe' | 'action'>): boolean {
  return new RegExp(process.env['PROBE_ONLY'] ?? '').test(`${probe} ${action}`);
}

/** Starts as many clusters and lets them work the list off. */
export function startMatrix(cells: readonly Cell[], clusters: number, open: () => Promise<ProbedCluster>): Matrix {
  const results = new Map(cells.map((cell) => [cell, Promise.withResolvers<void>()]));
  for (const { promise } of results.values()) promise.catch(() => {});
  const left = [...cells];
  let turn = 0;
  const lane = async () => {
    let cluster = await open();
    try {
      for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
        const startedAt = performance.now();
        const fault = await runCell(cluster, cell, turn++).then(
          () => null,
          (error: Error) => error,
        );
        report(cell, performance.now() - startedAt, fault);
        if (fault === null) {
          results.get(cell)?.resolve();
          continue;
        }
        results.get(cell)?.reject(new Error(`${fault.message}\n${cluster.warnings()}`, { cause: fault.cause }));
        // What is left of a red cell must not make the next one red.
        await cluster.close();
        cluster = await open();
      }
    } finally {
      await cluster.close();
    }
  };
  const begun = async () => {
    await lane().catch((error: Error) => {
      // Without a cluster no cell of this list can be looked at.
      for (const cell of left.splice(0)) results.get(cell)?.reject(error);
    });
  };
  const closed = Promise.all(Array.from({ length: clusters }, begun));
  closed.catch(() => {});
  return { result: (cell) => results.get(cell)?.promise as Promise<void>, closed: async () => void (await closed) };
}

/** Rejects with what is wrong, each in words. */
export async function runCell(cluster: ProbedCluster, { probe, action, workload }: Cell, turn: number): Promise<void> {
  await cluster.healthy();
  cluster.disarm();
  cluster.arm(probe, action);
  const work = await workload(cluster, turn);
  const pid = await cluster.reached(probe);
  if (action === 'pause') {
    await cluster.silent(pid);
    await cluster.wake(pid);
  }
  const runs = await work.done();
  const faults = [...((await work.also?.()) ?? []), ...(await whatIsWrong(cluster, runs))];
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

/** What of these runs, or of the database, is not as it should be, in words: the ledger of the bodies, the model, the invariants. */
export async function whatIsWrong(cluster: ProbedCluster, runs: readonly string[]): Promise<readonly string[]> {
  return [
    ...(await compareLedger(cluster, ledgerOf(cluster.folder), runs)),
    ...(await compareModel(cluster, runs)),
    ...(await brokenInvariants(cluster)),
  ];
}

async function brokenInvariants(cluster: ProbedCluster): Promise<readonly string[]> {
  const checked = await checkInvariants(cluster.db, HISTORY_MS);
  return checked.flatMap(({ id, promise, violations, error }) =>
    violations.length > 0 || error !== null ? [`${id} (${promise}): ${error ?? violations.join('; ')}`] : [],
  );
}

/** PROBE_REPORT names a file for a line about each cell, as it ends. */
function report({ probe, action }: Cell, ms: number, fault: Error | null): void {
  const path = process.env['PROBE_REPORT'];
  if (path !== undefined)
    appendFileSync(
      path,
      `${(ms / 1000).toFixed(1)} s\t${probe} ${action}\t${fault === null ? 'as it should be' : `WRONG: ${fault.message}`}\n`,
    );
}
