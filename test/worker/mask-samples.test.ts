// Goal: no secret that the worker knows is in the first rows that a page shows. Method: plain events and the masker of logs.
import { expect, it } from 'vitest';
import type { SampleCell } from '#core/assets/asset-version.ts';
import { parseFacts, VERSION_LIMITS } from '#core/assets/asset-version.ts';
import { Masker } from '#platform/mask.ts';
import { maskSamples, withoutSamples } from '../../worker/supervisor/mask-samples.ts';

const SECRET = 'correct-horse-battery-staple';

function masked(columns: readonly string[], row: readonly SampleCell[], secrets: readonly string[] = [SECRET]) {
  const masker = new Masker();
  masker.add(...secrets);
  const sample = parseFacts({ sample: { columns, rows: [row], nulls: columns.map(() => 0) } })?.sample;
  const version = { rows: 1, ...(sample && { sample }) };
  const [event] = maskSamples([{ name: 'a', uri: null, group: null, extra: {}, aliases: [], partitionKey: null, version }], masker);
  expect(event?.version?.rows).toBe(1);
  return event?.version?.sample?.rows[0];
}

it('a secret within a cell is hidden, in each of its forms', () => {
  const base64 = Buffer.from(SECRET).toString('base64');
  expect(masked(['url', 'raw', 'other'], [`https://x:${SECRET}@host`, base64, 'plain'])).toEqual(['https://x:***@host', '***', 'plain']);
});

it('a secret that is a number is hidden, and other values stay what they are', () => {
  expect(masked(['pin', 'n', 'ok', 'none'], [123456, 7, true, null], ['123456'])).toEqual(['***', 7, true, null]);
});

it('what a cut has left of a secret at the end of a cell is hidden', () => {
  for (let before = VERSION_LIMITS.cellChars - SECRET.length - 2; before < VERSION_LIMITS.cellChars; before++) {
    const [cell] = masked(['text'], [`${'x'.repeat(before)}${SECRET}${'y'.repeat(50)}`]) ?? [];
    // Fewer letters than a secret has at least tell nothing.
    expect(String(cell)).not.toContain(SECRET.slice(0, 4));
    expect(String(cell).endsWith('…')).toBe(true);
  }
});

it('a column that is called a secret is hidden whole, but for its nulls', () => {
  expect(masked(['user', 'password_hash', 'api_key'], ['ann', 'abc', null], [])).toEqual(['ann', '***', null]);
});

it('where previews are switched off, nothing but the rows is left out', () => {
  const event = { name: 'a', uri: null, group: null, extra: {}, aliases: [], partitionKey: null };
  const version = { rows: 1, columns: [{ name: 'a', type: 't', nullable: true }] };
  const sample = { columns: ['a'], rows: [[1]] };
  expect(withoutSamples([{ ...event, version: { ...version, sample } }, event])).toEqual([{ ...event, version }, event]);
});
