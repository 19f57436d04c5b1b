/**
 * Goal: the chaos run is worth its minutes: with a safety measure of Windlass switched off, it turns red.
 * Method: the text of one file is changed while the processes load it. One measure here; `npm run chaos -- --sabotage all`
 * plays them all.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT, playSabotaged } from './sabotage/play-sabotaged.ts';
import { SABOTAGES } from './sabotage/sabotages.ts';
import { sayVerdict } from './verdict.ts';

const IN_CI = ['lease-epoch'];
const TIMEOUT_MS = 180_000;

describe('what is to be switched off', () => {
  it.for(SABOTAGES)('$name: stands once where it is looked for', ({ edits }) => {
    for (const { file, find, replace } of edits) {
      expect(readFileSync(join(PROJECT, file), 'utf8').split(find), `${file}: ${find}`).toHaveLength(2);
      expect(replace).not.toBe(find);
    }
  });
});

describe('a Windlass without a safety measure', () => {
  it.for(SABOTAGES.filter((one) => IN_CI.includes(one.name)))('$name: is found out', { timeout: TIMEOUT_MS }, async (sabotage) => {
    const { verdict, isNoticed } = await playSabotaged(sabotage);
    expect(isNoticed, sayVerdict(verdict)).toBe(true);
  });
});
