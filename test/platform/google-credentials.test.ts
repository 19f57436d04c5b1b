/** Goal: Google's default credentials reach a connection of Google that brings none, and nothing else. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Connection } from '#platform/secrets/connection.ts';
import { defaultGoogleConnection, withGoogleKey } from '#platform/secrets/google-credentials.ts';

const KEY = { type: 'service_account', client_email: 'mage@example.iam', private_key: 'very-secret', project_id: 'course' };
const home = mkdtempSync(join(tmpdir(), 'windlass-google-home-'));
const nobody = mkdtempSync(join(tmpdir(), 'windlass-google-nobody-'));
mkdirSync(join(home, '.google/credentials'), { recursive: true });
const file = join(home, '.google/credentials/google_credentials.json');
writeFileSync(file, JSON.stringify(KEY));

const connection = (type: string, extra: Connection['extra'] = {}): Connection => ({
  id: 'lake',
  type,
  host: null,
  port: null,
  login: null,
  password: null,
  schema: null,
  extra,
});

describe('the key goes with a connection of Google', () => {
  it.each([
    ['from the file that the variable names', file, nobody],
    ['from the variable itself', JSON.stringify(KEY), nobody],
    ['from the file of the course in HOME', '', home],
  ])('%s', async (_what, given, of) => {
    expect((await withGoogleKey(connection('google_cloud_platform', { project: 'mine' }), given, of)).extra).toEqual({
      project: 'mine',
      keyfile_dict: KEY,
    });
    expect(await defaultGoogleConnection('google_cloud_default', given, of)).toMatchObject({ type: 'google_cloud_platform' });
  });
});

describe('it does not go', () => {
  it.each([
    ['with a connection of another kind', connection('postgres')],
    ['with one that has a key of its own', connection('google_cloud_platform', { key_path: '/srv/key.json' })],
    ['with one that has a key inside', connection('google_cloud_platform', { extra__google_cloud_platform__keyfile_dict: '{}' })],
    ['to an emulator', connection('google_cloud_platform', { storage_endpoint: 'http://127.0.0.1:1' })],
  ])('%s', async (_what, given) => {
    expect(await withGoogleKey(given, file, home)).toBe(given);
  });

  it('when there is none: the machine may have its own', async () => {
    const given = connection('google_cloud_platform');
    expect(await withGoogleKey(given, '', nobody)).toBe(given);
    expect(await defaultGoogleConnection('google_cloud_default', '', nobody)).toBeNull();
    expect(await defaultGoogleConnection('another', file, home)).toBeNull();
  });
});

describe('a key that cannot be read is told, and never quoted', () => {
  it.each([
    [
      '/nowhere/key.json',
      'GOOGLE_APPLICATION_CREDENTIALS names /nowhere/key.json, which cannot be read: there is no such file on this machine',
    ],
    ['{"private_key": "very-secret"', 'GOOGLE_APPLICATION_CREDENTIALS holds no JSON key'],
  ])('%s', async (given, words) => {
    const failed = withGoogleKey(connection('google_cloud_platform'), given, nobody);
    await expect(failed).rejects.toThrow(words);
    await expect(failed).rejects.not.toThrow('very-secret');
  });
});
