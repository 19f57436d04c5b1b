/** A chaos run on a Windlass with one safety measure switched off. */
import { fileURLToPath } from 'node:url';
import { playRound, type RoundOptions } from '../round.ts';
import type { Verdict } from '../verdict.ts';
import type { Sabotage } from './sabotages.ts';

const PRELOAD = new URL('preload.mjs', import.meta.url).href;
export const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Sabotaged {
  readonly verdict: Verdict;
  /** Ids of the checks that noticed. */
  readonly noticed: readonly string[];
  /** One of those that should. */
  readonly isNoticed: boolean;
}

export async function playSabotaged(sabotage: Sabotage, more: Partial<RoundOptions> = {}): Promise<Sabotaged> {
  const { seed, durationMs, kinds, gapMs, edits, members, sql } = sabotage;
  const verdict = await playRound({
    seed,
    durationMs,
    kinds,
    gapMs,
    ...(members && { members }),
    ...(sql !== undefined && { sql }),
    nodeFlags: ['--import', PRELOAD],
    environment: { CHAOS_EDITS: JSON.stringify(edits) },
    quietDeadlineMs: 30_000,
    stopsWhenBroken: sabotage.noticedBy,
    keepsEvidence: false,
    ...more,
  });
  const noticed = verdict.broken.map((one) => one.id);
  return { verdict, noticed, isNoticed: noticed.some((id) => sabotage.noticedBy.includes(id)) };
}
