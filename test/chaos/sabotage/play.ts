/** Plays measures: all in order on one cluster, or with one of them switched off on a cluster of its own. */
import { fileURLToPath } from 'node:url';
import { systemClock } from '#platform/clock.ts';
import { BODY_CHECKS } from '../checks/bodies.ts';
import type { Broken, Evidence } from '../checks/check.ts';
import { LIMIT_CHECKS } from '../checks/limits.ts';
import { judge } from '../judge.ts';
import { readLedger } from '../ledger.ts';
import { Sampler } from '../sampler.ts';
import type { Servers } from '../servers.ts';
import { Users } from '../workload/users.ts';
import type { Measure, Off } from './measures.ts';
import { Stage } from './stage.ts';

export const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const CHECKS = [...BODY_CHECKS, ...LIMIT_CHECKS.filter((check) => check.id === 'INV-25')];

/** clean: nothing is off. covered: the measure, and what would catch the same mistake is there. off: both. */
export type How = 'clean' | 'covered' | 'off';

export interface Played {
  readonly measure: Measure;
  readonly how: How;
  readonly tookMs: number;
  readonly broken: readonly Broken[];
  /** clean, covered: nothing is broken. off: what was to be. */
  readonly isAsExpected: boolean;
}

/** With nothing switched off, one after the other on one cluster. */
export async function playClean(servers: Servers, measures: readonly Measure[]): Promise<readonly Played[]> {
  const stage = await Stage.open({ servers, name: 'clean', schedulers: 2, workers: 2, edits: [], sql: '' });
  try {
    const played: Played[] = [];
    for (const measure of measures) {
      await stage.rest();
      played.push(await playOn(stage, measure, 'clean'));
    }
    return played;
  } finally {
    await stage.close();
  }
}

export async function playOff(servers: Servers, measure: Measure, how: 'covered' | 'off'): Promise<Played> {
  const off: readonly Off[] = how === 'off' && measure.cover ? [measure, measure.cover] : [measure];
  const stage = await Stage.open({
    servers,
    name: `${measure.name.replaceAll('-', '_')}_${how}`,
    schedulers: measure.schedulers,
    workers: measure.workers,
    edits: off.flatMap(({ edits }) => edits),
    sql: off.map(({ sql }) => sql ?? '').join('\n'),
  });
  try {
    return await playOn(stage, measure, how);
  } finally {
    await stage.close();
  }
}

async function playOn(stage: Stage, measure: Measure, how: How): Promise<Played> {
  const startedAt = performance.now();
  const sampler = new Sampler(stage.cluster);
  sampler.start();
  const seen = await measure.script(stage).catch((error: Error) => {
    throw new Error(`${measure.name} (${how}): ${error.message}\n${stage.warnings()}`, { cause: error });
  });
  const promise = 'While the broker is well, a worker is rung for what is queued, once it is committed.';
  const found = [{ id: 'BELL', promise, violations: seen }, ...(await sampler.stop()), ...(await judgeStage(stage))];
  const broken = found.filter(({ violations }) => violations.length > 0);
  const isAsExpected = how === 'off' ? broken.some(({ id }) => id === measure.broken) : broken.length === 0;
  return { measure, how, tookMs: performance.now() - startedAt, broken, isAsExpected };
}

async function judgeStage({ cluster, ledger }: Stage): Promise<readonly Broken[]> {
  const users = new Users({ cluster, plans: [], seed: 0, gapMs: [0, 0], openRunsMax: 0 });
  const readMs = systemClock.now();
  const evidence: Evidence = { cluster, plans: [], lives: readLedger(ledger), readMs, users, startMs: 0, endMs: readMs, isCalm: false };
  return judge(evidence, CHECKS);
}

/** "noticed     lease-epoch off: the end of ... (4.1 s); INV-05: ..." */
export function sayPlayed({ measure, how, tookMs, broken, isAsExpected }: Played): string {
  const verdict = { clean: 'green', covered: 'covered', off: 'noticed' }[how];
  const words = how === 'clean' ? 'as it should be' : measure.what;
  const also = how === 'off' && measure.cover ? `, and ${measure.cover.what}` : '';
  const named = broken.find(({ id }) => id === measure.broken);
  const list = broken.map(({ id }) => id).join(', ') || 'nothing';
  return [
    `${(isAsExpected ? verdict : how === 'off' ? 'NOT NOTICED' : 'RED').padEnd(11)} ${measure.name}: ${words}${also} (${(tookMs / 1000).toFixed(1)} s; broken: ${list})`,
    ...(named === undefined ? [] : [`            ${named.id}: ${named.violations[0]}`]),
    ...(isAsExpected ? [] : broken.filter((one) => one !== named).map(({ id, violations }) => `            ${id}: ${violations[0]}`)),
  ].join('\n');
}
