/** Task logs: where they lie, how they are written, read and followed, and what is masked in them. */
import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { formatLogLine, parseLogLine } from '#platform/logs/log-line.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { followLog, readLog } from '#platform/logs/log-reader.ts';
import { LogWriter } from '#platform/logs/log-writer.ts';
import { Masker } from '#platform/mask.ts';

const KEY = { dagId: 'd', runId: 'manual__2026-11-23T01:22:25+00:00', taskId: 'g.t', mapIndex: -1, tryNumber: 1 };
const folder = () => mkdtempSync(join(tmpdir(), 'windlass-test-logs-'));
const line = (event: string, fields = {}) =>
  formatLogLine({ timestamp: '2026-11-23T00:00:00.000Z', level: 'info', source: 'system', event, fields });

describe('a path', () => {
  it('is laid out as in Airflow', () => {
    expect(logPath('/logs', { ...KEY, mapIndex: 3 })).toBe(
      '/logs/dag_id=d/run_id=manual__2026-11-23T01:22:25+00:00/task_id=g.t/map_index=3/attempt=1.log',
    );
  });

  it('never leaves the folder, whatever the ids are', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (dagId, runId, taskId) => {
        try {
          expect(logPath('/logs', { ...KEY, dagId, runId, taskId })).toMatch(
            /^\/logs\/dag_id=[^/]+\/run_id=[^/]+\/task_id=[^/]+\/attempt=1\.log$/,
          );
        } catch (error) {
          expect(error).toMatchObject({ code: 'LOG_NOT_FOUND' });
        }
      }),
    );
    for (const bad of ['..', '../x', 'a/b', 'a%2e%2e', '', 'a\0'])
      expect(() => logPath('/logs', { ...KEY, taskId: bad })).toThrow(/no such log/);
  });
});

describe('a line', () => {
  it('comes back as it was, whatever its text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (event) => {
        const text = line(event);
        expect(text.indexOf('\n')).toBe(text.length - 1);
        expect(parseLogLine(text)).toMatchObject({ event, source: 'system', level: 'info' });
      }),
    );
  });

  it('keeps fields from posing as its own', () => {
    expect(parseLogLine(line('x', { source: 'stdout', level: 'error', rows: 1 }))).toMatchObject({
      source: 'system',
      level: 'info',
      fields: { rows: 1, source_: 'stdout' },
    });
  });

  it('that is none of ours is shown as it is', () => {
    expect(parseLogLine('{"torn')).toMatchObject({ timestamp: null, event: '{"torn' });
  });
});

describe('reading', () => {
  const file = (text: string) => {
    const path = join(folder(), 'a.log');
    writeFileSync(path, text);
    return path;
  };

  it('says that there is no file', async () => {
    expect(await readLog('/nowhere/x.log', 0, 1_000)).toEqual({ lines: [], nextOffset: 0, ended: false, exists: false });
  });

  it('goes page by page, in whole lines, to the same lines whatever the page size', async () => {
    const text =
      Array.from({ length: 50 }, (_, index) => line(`line ${index} ${'ü'.repeat(index)}`)).join('') + line('end', { attempt_ended: true });
    const path = file(text);
    for (const maxBytes of [1, 100, 777, 1_000_000]) {
      const events: string[] = [];
      let offset = 0;
      for (;;) {
        const page = await readLog(path, offset, maxBytes);
        events.push(...page.lines.map((entry) => entry.event));
        offset = page.nextOffset;
        if (page.ended) break;
      }
      expect(events.length).toBe(51);
      expect(offset).toBe(Buffer.byteLength(text));
    }
  });

  it('leaves a half-written last line for later', async () => {
    const path = file(`${line('whole')}{"timestamp":`);
    const page = await readLog(path, 0, 1_000);
    expect(page.lines.map((entry) => entry.event)).toEqual(['whole']);
    expect((await readLog(path, page.nextOffset, 1_000)).lines).toEqual([]);
  });

  it('from the end starts at a whole line', async () => {
    const path = file(line('first') + line('second') + line('last', { attempt_ended: true }));
    const page = await readLog(path, -line('last', { attempt_ended: true }).length - 5, 10_000);
    expect(page.lines.map((entry) => entry.event)).toEqual(['last']);
    expect(page.ended).toBe(true);
  });

  it('knows that an attempt ended, also from behind its last line', async () => {
    const path = file(line('last', { attempt_ended: true }));
    const { nextOffset } = await readLog(path, 0, 10_000);
    expect((await readLog(path, nextOffset, 10_000)).ended).toBe(true);
    expect((await readLog(file(line('begun')), 0, 10_000)).ended).toBe(false);
  });

  it('follows a file from before it exists until its attempt ends', async () => {
    const path = join(folder(), 'deep', 'a.log');
    const stop = new AbortController();
    const events: string[] = [];
    const following = (async () => {
      for await (const page of followLog(path, { signal: stop.signal, clock: systemClock, pollMs: 10 }))
        events.push(...page.lines.map((entry) => entry.event));
    })();
    mkdirSync(dirname(path));
    appendFileSync(path, line('one'));
    appendFileSync(path, line('two'));
    appendFileSync(path, line('end', { attempt_ended: true }));
    await following;
    expect(events).toEqual(['one', 'two', 'end']);
  });
});

describe('writing', () => {
  it('appends in order and asks to wait when too much is pending', async () => {
    const path = join(folder(), 'x', 'a.log');
    const pressure: boolean[] = [];
    const writer = new LogWriter({
      path,
      clock: systemClock,
      onBackPressure: (wait) => pressure.push(wait),
      onError: (error) => expect.fail(error.message),
    });
    for (let index = 0; index < 3_000; index++) writer.append(line(`${index} ${'x'.repeat(1_000)}`));
    await writer.close();
    const { lines } = await readLog(path, 0, 100_000_000);
    expect(lines.map((entry) => Number(entry.event.split(' ')[0]))).toEqual(Array.from({ length: 3_000 }, (_, index) => index));
    expect(pressure[0]).toBe(true);
    expect(pressure.at(-1)).toBe(false);
  });

  it('reports a disk that fails once, and never throws', async () => {
    const errors: Error[] = [];
    const blocked = join(folder(), 'a-file');
    writeFileSync(blocked, '');
    const writer = new LogWriter({
      path: join(blocked, 'x', 'a.log'),
      clock: systemClock,
      onBackPressure: () => {},
      onError: (error) => errors.push(error),
    });
    writer.append(line('a'));
    await writer.close();
    writer.append(line('b'));
    await writer.close();
    expect(errors.length).toBe(1);
  });

  it('forgets what is not written when the file belongs to somebody else', async () => {
    const path = join(folder(), 'a.log');
    const writer = new LogWriter({ path, clock: systemClock, onBackPressure: () => {}, onError: () => {} });
    writer.append(line('a'));
    await writer.drop();
    expect((await readLog(path, 0, 1_000)).lines).toEqual([]);
  });
});

describe('masking', () => {
  it('hides every registered value in every form, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4, maxLength: 40 }), fc.string(), fc.string(), (secret, before, after) => {
        const masker = new Masker();
        masker.add(secret);
        const base64 = Buffer.from(secret).toString('base64');
        for (const form of [secret, JSON.stringify(secret).slice(1, -1), base64]) {
          const text = masker.mask(before + form + after);
          expect(text).toContain('***');
          if (!'***'.includes(form) && !before.includes(form) && !after.includes(form))
            expect(text.replaceAll('***', '\u0001')).not.toContain(form);
        }
      }),
    );
  });

  it('hides each line of a secret of many lines', () => {
    const masker = new Masker();
    masker.add('-----BEGIN KEY-----\nabcdefghijklmnop\n-----END KEY-----');
    expect(masker.mask('abcdefghijklmnop')).toBe('***');
  });

  it('leaves short values and other text alone, and reaches into structures', () => {
    const masker = new Masker();
    masker.add('abc', '', null, undefined, 'secret-1');
    expect(masker.mask('abc')).toBe('abc');
    expect(masker.maskDeep({ a: ['x secret-1'], 'secret-1': 1 })).toEqual({ a: ['x ***'], '***': 1 });
  });
});
