/** Goal: a task process gets the code of its DAG version with the very sdk it was parsed with, or a clear no. Real files. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, it } from 'vitest';
import { bundleHash } from '#platform/bundle-hash.ts';
import { systemClock } from '#platform/clock.ts';
import { type SdkModules, sdkHash } from '#platform/sdk-bundle.ts';
import { BundleCache } from '../../worker/bundle-cache.ts';

const sdkOf = (version: string): SdkModules => ({
  'index.mjs': `export * from './chunks/v.mjs';`,
  'chunks/v.mjs': `export const version = ${JSON.stringify(version)};`,
});
const CODE = `import { version } from './sdk/index.mjs';export default version;`;
const sdks = new Map(['1', '2'].map((version) => [sdkHash(sdkOf(version)), sdkOf(version)]));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-bundle-cache-'));
});

function cache(sdk = async (hash: string) => sdks.get(hash) ?? null): BundleCache {
  const bundles = new Map(
    [null, 'f'.repeat(64), ...sdks.keys()].map((hash) => [bundleHash(CODE, hash), { code: CODE, sdkHash: hash }] as const),
  );
  return new BundleCache({ bundle: async (hash) => bundles.get(hash) ?? null, sdk }, { clock: systemClock, keptMs: 86_400_000, folder });
}
const load = async (file: string) => ((await import(pathToFileURL(file).href)) as { default: string }).default;
const ofVersion = (version: string) => bundleHash(CODE, sdkHash(sdkOf(version)));

it('the same code runs with the old sdk for an old version and with the new one for a new version', async () => {
  const bundles = cache();
  const [old, now] = await Promise.all([bundles.file(ofVersion('1')), bundles.file(ofVersion('2'))]);
  expect([await load(old), await load(now)]).toEqual(['1', '2']);
});

it('two workers that write the same sdk at once both find it whole', async () => {
  const files = await Promise.all(Array.from({ length: 6 }, () => cache().file(ofVersion('1'))));
  expect(new Set(files).size).toBe(1);
  expect(await load(files[0] as string)).toBe('1');
});

it('an sdk that somebody changed or removed on disk is written anew', async () => {
  const home = dirname(await cache().file(ofVersion('1')));
  const chunk = join(home, 'sdk/chunks/v.mjs');
  chmodSync(chunk, 0o600);
  writeFileSync(chunk, 'export const version = "forged";');
  expect(await load(await cache().file(ofVersion('1')))).toBe('1');
  rmSync(join(home, 'sdk'), { recursive: true });
  await cache().file(ofVersion('1'));
  expect(await cache(async () => sdkOf('1')).file(ofVersion('1'))).toContain(home);
});

it.each([
  ['is gone', async () => null],
  ['is another', async () => sdkOf('2')],
])('a version whose sdk %s is refused in words', async (_, sdk) => {
  await expect(cache(sdk).file(ofVersion('1'))).rejects.toThrow(/sdk that this DAG version was parsed with is missing or does not match/);
});
