/**
 * Goal: chaos turns red when a safety measure is switched off, for the reason expected, and is green when it is on.
 * Method: for each measure a fault, step by step, in which it alone keeps a promise; played with everything on, and with the
 * measure off (and what else would catch the same mistake). That each of these others catches it is played by
 * `npm run chaos -- --sabotage all`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEASURES } from './sabotage/measures.ts';
import { type Played, PROJECT, playClean, playOff, sayPlayed } from './sabotage/play.ts';
import { Servers } from './servers.ts';

/** They wait for leases to end most of the time. */
const LANES = 3;
const TIMEOUT_MS = 300_000;
const EDITS = MEASURES.flatMap(({ name, edits, cover }) => [...edits, ...(cover?.edits ?? [])].map((edit) => ({ name, ...edit })));

describe('what is to be switched off', () => {
  it.for(EDITS)('$name: stands once in $file', ({ file, find, replace }) => {
    expect(readFileSync(join(PROJECT, file), 'utf8').split(find), `${file}: ${find}`).toHaveLength(2);
    expect(replace).not.toBe(find);
  });
});

describe('a fault that one measure stands against', () => {
  let servers: Servers;
  let clean: Promise<readonly Played[]>;
  const off = new Map(MEASURES.map(({ name }) => [name, Promise.withResolvers<Played>()]));
  const lanes: Promise<void>[] = [];

  beforeAll(async () => {
    servers = await Servers.start();
    clean = playClean(servers, MEASURES);
    const left = [...MEASURES];
    const lane = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const answer = off.get(next.name);
        await playOff(servers, next, 'off').then(answer?.resolve, answer?.reject);
      }
    };
    for (const { promise } of off.values()) promise.catch(() => {}); // each is awaited by its test
    lanes.push(clean.then(lane, lane), ...Array.from({ length: LANES - 1 }, lane));
  }, TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all(lanes);
    await servers.stop(false);
  }, TIMEOUT_MS);

  it.for(MEASURES)('$name: nothing is broken while it is on', { timeout: TIMEOUT_MS }, async ({ name }) => {
    const played = (await clean).find(({ measure }) => measure.name === name);
    expect(played?.broken, played && sayPlayed(played)).toEqual([]);
  });

  it.for(MEASURES)('$name: $broken is broken while it is off', { timeout: TIMEOUT_MS }, async ({ name, broken }) => {
    const played = (await off.get(name)?.promise) as Played;
    expect(
      played.broken.map(({ id }) => id),
      sayPlayed(played),
    ).toContain(broken);
  });
});
