/**
 * Goal: whatever comes over a pipe, a queue or a doorbell, its reader answers with a value or a refusal, and never throws, hangs
 * or hands on what Postgres cannot store. Method: anything at all, and true messages with one part exchanged.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JsonLineReader } from '#core/json-lines.ts';
import { isStorableJson } from '#core/storable.ts';
import { parseSpec } from '#core/validate-spec.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { decodeMessage } from '#platform/broker/message-wire.ts';
import { decodeBatch, encodeBatch } from '#platform/broker/payload.ts';
import { systemClock } from '#platform/clock.ts';
import { Inbox } from '../../scheduler/engine/inbox.ts';
import { parseTemplate } from '../../sdk/runtime/template/parse-template.ts';
import { TemplateError } from '../../sdk/runtime/template/template-error.ts';
import { decodeValue, encodeValue } from '../../sdk/runtime/value-codec.ts';
import { UiEvents } from '../../webserver/streams/ui-events.ts';
import { LineCutter } from '../../worker/line-cutter.ts';
import { parseFromTaskProcess } from '../../worker/validate-message.ts';
import { aSpec, aTask } from '../webserver/dag-fixtures.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './budget.ts';
import { DEEP_JSON, hostileJson, hostileText } from './hostile.ts';

const LIMIT = { timeout: FUZZ_TIMEOUT_MS };
const UUID = '01a21910-186f-7d57-b0cd-abf018a44b64';

/** True messages; a fuzzed one has a part of another kind. */
const MESSAGES: readonly object[] = [
  { type: 'ready', bundleHash: null },
  { type: 'log', level: 'info', message: 'm', fields: { a: 1 } },
  { type: 'heartbeat', progress: { done: 1, total: 2, note: 'n' } },
  ...[
    { what: 'connection', id: 'c' },
    { what: 'variable', key: 'v' },
    { what: 'xcom_push', key: 'k', value: 1 },
    { what: 'xcom_pull', key: 'k', taskId: 't', mapIndexes: [0], dagId: 'd', runId: 'r', includePriorDates: true },
    { what: 'state_set', key: 'k', value: 1 },
    { what: 'rendered_fields', fields: { a: 'b' } },
    { what: 'trigger_run', dagId: 'd', runId: null, conf: {}, logicalDate: '2026-01-01T00:00:00Z', note: 'n' },
    { what: 'run_output', dagId: 'd', runId: 'r' },
    { what: 'sync_open', stream: 's', source: 'a', destination: 'b', resets: { rowsAre: 'added', removes: 'files' } },
    { what: 'sync_progress', syncId: 1, before: null, state: { after: ['1'] }, rows: 1, pages: 1, removed: null },
    { what: 'sync_reset_done', syncId: 1, resetId: UUID, removed: 0 },
  ].map((body) => ({ type: 'request', requestId: 1, body })),
  ...[
    {
      outcome: 'success',
      value: 1,
      bytes: 1,
      followed: ['a'],
      mapLengths: { a: 1 },
      checks: [{ name: 'c', passed: true, message: null }],
      mapLabel: 'l',
      assets: [],
    },
    { outcome: 'skipped', reason: 'r' },
    { outcome: 'failed', error: { name: 'n', message: 'm', stack: 's' }, retryable: true, retryAfterMs: 1 },
    { outcome: 'reschedule', afterMs: 1, note: 'n' },
    { outcome: 'defer', waiter: { kind: 'time', args: { at: '2026-01-01T00:00:00Z' } } },
  ].map((result) => ({ type: 'result', attemptId: UUID, result })),
];

/** The value with one part, at any depth, exchanged for something else. */
function exchanged(value: unknown): fc.Arbitrary<unknown> {
  const inner = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (inner.length === 0) return hostileJson;
  const part = fc
    .constantFrom(...inner)
    .chain((key) =>
      exchanged((value as Record<string, unknown>)[key]).map((next) =>
        Array.isArray(value) ? value.map((item, at) => (String(at) === key ? next : item)) : { ...(value as object), [key]: next },
      ),
    );
  return fc.oneof({ weight: 6, arbitrary: part }, { weight: 1, arbitrary: hostileJson });
}

const nearly = (values: readonly unknown[]) => fc.constantFrom(...values).chain(exchanged);

it('what a task process says is a message with storable texts, or refused', LIMIT, async () => {
  for (const message of MESSAGES) expect(parseFromTaskProcess(message), JSON.stringify(message)).not.toBeNull();
  await fuzz(
    fc.property(fc.oneof(nearly(MESSAGES), hostileJson), (value) => {
      const message = parseFromTaskProcess(value);
      if (message?.type !== 'result' || message.result.outcome === 'success') return;
      expect(isStorableJson(JSON.stringify(message.result))).toBe(true);
    }),
    5_000,
  );
});

it('a stream of lines gives the same values wherever it is cut, and goes on after garbage', LIMIT, async () => {
  const lines = fc.array(
    fc.oneof(
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
      hostileText.map((text) => text.replaceAll('\n', '')),
    ),
    { maxLength: 8 },
  );
  await fuzz(
    fc.property(lines, fc.array(fc.nat(40), { maxLength: 20 }), (all, cuts) => {
      const read = (pieces: readonly string[]) => {
        const heard: unknown[] = [];
        const reader = new JsonLineReader(100_000, {
          onValue: (value) => heard.push([value]),
          onGarbage: () => heard.push('garbage'),
          onOverflow: () => heard.push('overflow'),
        });
        for (const piece of pieces) reader.push(piece);
        return heard;
      };
      const text = `${all.join('\n')}\n"end"\n`;
      const pieces: string[] = [];
      let at = 0;
      for (const cut of cuts) {
        pieces.push(text.slice(at, at + cut));
        at += cut;
      }
      pieces.push(text.slice(at));
      const whole = read([text]);
      expect(read(pieces)).toEqual(whole);
      expect(whole.at(-1)).toEqual(['end']);
    }),
    1_000,
  );
});

it('output is cut into lines of bounded length, and no byte is lost uncounted', LIMIT, async () => {
  await fuzz(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), fc.integer({ min: 1, max: 64 }), (chunks, limitBytes) => {
      let seen = 0;
      const cutter = new LineCutter(limitBytes, (line) => {
        expect(Buffer.byteLength(line.text)).toBeLessThanOrEqual(limitBytes * 3);
        seen += 1;
      });
      for (const chunk of chunks) cutter.push(Buffer.from(chunk));
      const newlines = Buffer.concat(chunks).filter((byte) => byte === 0x0a).length;
      expect(seen).toBe(newlines);
    }),
    1_000,
  );
});

function batchOf(data: unknown) {
  const decoded = decodeBatch(data);
  return decoded.kind === 'batch' ? decoded.batch : [];
}

it('a batch of the queue is what was encoded, or nothing', LIMIT, async () => {
  const delivery = fc.record({ taskInstanceId: fc.uuid(), tryNumber: fc.nat(), leaseEpoch: fc.nat() });
  await fuzz(
    fc.property(fc.array(delivery, { maxLength: 20 }), (batch) => {
      expect(decodeBatch(JSON.parse(JSON.stringify(encodeBatch(batch))))).toEqual({ kind: 'batch', batch });
    }),
    300,
  );
  const near = nearly([encodeBatch([{ taskInstanceId: UUID, tryNumber: 1, leaseEpoch: 0 }])]);
  await fuzz(
    fc.property(fc.oneof(near, hostileJson), (data) => {
      for (const { taskInstanceId, tryNumber, leaseEpoch } of batchOf(data)) {
        expect(taskInstanceId).toMatch(/^[0-9a-f-]{36}$/);
        expect([tryNumber, leaseEpoch].every(Number.isSafeInteger)).toBe(true);
      }
    }),
    3_000,
  );
});

it('a doorbell that rings nonsense wakes, and tells nobody nonsense', LIMIT, async () => {
  const hearers: ((message: unknown) => void)[] = [];
  const broker = {
    listen: async (_: string, hear: (message: unknown) => void) => {
      hearers.push(hear);
      return async () => {};
    },
  } as unknown as Broker;
  const inbox = new Inbox(() => {});
  await inbox.start(broker);
  const events = new UiEvents(systemClock);
  const messages = nearly([{ ids: [UUID], shards: [1] }, { dagIds: ['etl'] }, { topics: ['dags', 'run:a/b'] }, { workerId: 'w' }]);
  await fuzz(
    fc.property(fc.oneof(messages, hostileJson), (message) => {
      for (const hear of hearers) hear(message);
      events.hear(message);
      const heard = inbox.take();
      for (const ids of [heard.endedIds, heard.changedDagIds, heard.dagIds]) expect(ids.every((id) => typeof id === 'string')).toBe(true);
    }),
    3_000,
  );
  await inbox.stop();
});

it('a spec is refused in words, or can be stored', LIMIT, async () => {
  const specs = [
    aSpec('etl', { tags: ['daily'], tasks: [aTask('extract'), aTask('load', { upstream: ['extract'] })] }),
    aSpec('crons', { schedule: { kind: 'cron', expression: '0 6 * * *', timezone: 'UTC' } }),
  ];
  for (const spec of specs) expect(parseSpec(JSON.stringify(spec))).toHaveProperty('spec');
  await fuzz(
    fc.property(fc.oneof(nearly(specs), hostileJson), (value) => {
      const text = JSON.stringify(value);
      const parsed = parseSpec(text);
      if ('problems' in parsed) expect(parsed.problems.join().length).toBeGreaterThan(0);
      else expect(isStorableJson(text)).toBe(true);
    }),
    2_000,
  );
  await fuzz(
    fc.property(hostileText, (text) => void parseSpec(text)),
    500,
  );
});

it('a value comes back as it was handed on, and a stored one that nobody encoded is read all the same', LIMIT, async () => {
  // Without undefined: as a key of a Map it becomes null, as everywhere in JSON.
  const values = [fc.boolean(), fc.integer(), fc.double(), fc.string(), fc.constant(null)];
  const anything = fc.anything({
    values,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: false,
    withNullPrototype: false,
    withSparseArray: false,
    maxDepth: 3,
  });
  await fuzz(
    fc.property(anything, (value) => {
      let encoded: unknown;
      try {
        encoded = encodeValue(value);
      } catch (error) {
        expect(String((error as Error).message)).toMatch(/Return plain data/);
        return;
      }
      const again = encodeValue(decodeValue(JSON.parse(JSON.stringify(encoded))));
      expect(again).toEqual(encoded);
    }),
    2_000,
  );
  const tagged = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      hostileJson,
      fc.record({
        $windlass: fc.constantFrom(
          'number',
          'bigint',
          'date',
          'url',
          'map',
          'set',
          'entries',
          'buffer',
          'bytes',
          'error',
          '__proto__',
          'x',
        ),
        value: tie('value'),
      }),
    ),
  })).value;
  await fuzz(
    fc.property(tagged, (stored) => void decodeValue(stored)),
    3_000,
  );
});

it('a template is parsed, or refused with a place in it', LIMIT, async () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    ' if ',
    ' for x in ',
    ' endfor ',
    ' endif ',
    ' raw ',
    'a',
    '.b',
    '[0]',
    '(',
    ')',
    '|upper',
    '"',
    "'",
    '\\',
    ' ~ ',
    ' is ',
    '**',
    '1e9',
    '\n',
    '\0',
    '🦀',
    ' set x = ',
    ',',
    ':',
    '{',
    '}',
  );
  await fuzz(
    fc.property(fc.array(fc.oneof({ weight: 8, arbitrary: piece }, { weight: 1, arbitrary: hostileText }), { maxLength: 25 }), (pieces) => {
      try {
        parseTemplate(pieces.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
      }
    }),
    3_000,
  );
});

/** What reads strangers' words, given a value without a bottom. Each returns what came of it. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'a line of a pipe': (text) => {
    const heard: string[] = [];
    const onValue = (value: unknown) => void heard.push(typeof value);
    const reader = new JsonLineReader(1e6, { onValue, onGarbage: () => heard.push('garbage'), onOverflow: () => heard.push('overflow') });
    reader.push(`${text}\n`);
    return heard[0];
  },
  'a doorbell': (text) => typeof decodeMessage(text),
  'a doorbell of ids': (text) => typeof decodeMessage(`{"v":1,"ids":${text}}`),
  'a batch of the queue': (text) => decodeBatch(JSON.parse(text)).kind,
  'an entry of a batch': (text) => decodeBatch(JSON.parse(`{"v":1,"t":[[${text},1,0]]}`)).kind,
  'a spec': (text) => 'problems' in parseSpec(text),
  'a part of a spec': (text) => 'problems' in parseSpec(`{"specVersion":1,"paramsDefaults":${text}}`),
  'a message of a task': (text) => parseFromTaskProcess(JSON.parse(text)),
  'a log line of a task': (text) =>
    parseFromTaskProcess(JSON.parse(`{"type":"log","level":"info","message":"m","fields":{"a":${text}}}`))?.type,
  'a result of a task': (text) =>
    parseFromTaskProcess(
      JSON.parse(`{"type":"result","attemptId":"${UUID}","result":{"outcome":"success","value":${text},"checks":${text}}}`),
    ),
};

it.each(DEEP_JSON)('%s without a bottom are refused or handed on, and end no reader', (_, text) => {
  for (const [reader, read] of Object.entries(READERS)) expect(() => read(text), reader).not.toThrow();
  expect(READERS['a batch of the queue']?.(text)).toBe('foreign');
  expect(READERS['a spec']?.(text)).toBe(true);
});

it.each(DEEP_JSON)('a stored value of %s without a bottom is refused in words', (_, text) => {
  expect(() => decodeValue(JSON.parse(text))).toThrow(/nested deeper than 500 levels/);
  expect(() => encodeValue(JSON.parse(text))).toThrow(/nested deeper than 500 levels/);
});
