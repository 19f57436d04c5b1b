/** Goal: a setting that cannot work is refused when it is read, in words, and without showing a password. */
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { readConfig } from '#platform/config/config.ts';

it.each([
  ['DATABASE_URL', 'nonsense', /DATABASE_URL cannot be read as a URL; it must look like postgres:/],
  ['DATABASE_URL', 'mysql://root:hunter2@db/x', /DATABASE_URL begins with mysql:/],
  ['DATABASE_URL', 'postgres://u:p#a/s@h:x/db', /must be percent-encoded/],
  ['REDIS_URL', 'localhost:6379', /REDIS_URL begins with localhost:.*it must look like redis:/],
  ['WINDLASS_LOG_LEVEL', 'loud', /WINDLASS_LOG_LEVEL must be trace, .* or silent, but is "loud"/],
  ['WINDLASS_LOG_FORMAT', 'xml', /must be auto, json or pretty/],
  ['WINDLASS_DATA_FOLDER', '/proc/windlass', /WINDLASS_DATA_FOLDER is \/proc\/windlass, where the kernel keeps no files of ours/],
  ['WINDLASS_BROKER', 'kafka', /must be auto, redis or postgres, but is "kafka"/],
])('%s=%s', (name, value, message) => {
  const read = () => readConfig({ [name]: value }, tmpdir());
  expect(read).toThrow(message);
  expect(read).not.toThrow(/hunter2/);
});

it.each(['postgres://u:p@h:5432/db', 'postgresql://u@h/db?sslmode=require', 'postgres:///db?host=/run/postgresql'])('takes %s', (url) => {
  expect(readConfig({ DATABASE_URL: url }, tmpdir()).databaseUrl.reveal()).toBe(url);
});
