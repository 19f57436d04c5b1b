/**
 * Goal: what `npm run chaos -- --sabotage all` switches off is there to be switched off. The rounds themselves take minutes and are
 * played by that command.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT } from './sabotage/play-sabotaged.ts';
import { SABOTAGES } from './sabotage/sabotages.ts';

describe('what is to be switched off', () => {
  it.for(SABOTAGES)('$name: stands once where it is looked for', ({ edits }) => {
    for (const { file, find, replace } of edits) {
      expect(readFileSync(join(PROJECT, file), 'utf8').split(find), `${file}: ${find}`).toHaveLength(2);
      expect(replace).not.toBe(find);
    }
  });
});
