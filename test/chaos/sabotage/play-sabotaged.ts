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
  const { name: _, what: __, noticedBy, edits, environment, ...how } = sabotage;
  const verdict = await playRound({
    ...how,
    nodeFlags: ['--import', PRELOAD],
    environment: { ...environment, CHAOS_EDITS: JSON.stringify(edits) },
    quietDeadlineMs: 60_000,
    stopsWhenBroken: noticedBy,
    keepsEvidence: false,
    ...more,
  });
  const noticed = verdict.broken.map((one) => one.id);
  return { verdict, noticed, isNoticed: noticed.some((id) => sabotage.noticedBy.includes(id)) };
}
