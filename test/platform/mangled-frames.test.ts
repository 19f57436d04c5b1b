/**
 * Goal: a frame whose bytes are not as they should be is refused in words, or shown as it is; it never ends the web server's read in another
 * way. Method: frames of every kind of batch with some bytes changed, by a seed that is printed; what comes must be an answer or BAD_REQUEST.
 */
import { readFileSync } from 'node:fs';
import * as arrow from 'apache-arrow';
import { expect, it } from 'vitest';
import { AppError } from '#core/errors.ts';
import { invalid, type RangedBytes } from '#platform/bytes/ranged-bytes.ts';
import { FramePreviews } from '#platform/frames/frame-preview.ts';
import { Dice } from '#test/support/seeded.ts';

/** The first one makes a head that speaks of nine million buffers: Arrow's reader stood still over it for ten seconds. */
const SEEDS = [7, Number(process.env['WINDLASS_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))];
const TIMES = 300;

const LIST = new arrow.List(new arrow.Field('item', new arrow.Float64(), true));
const PLAIN = new arrow.Table({
  n: arrow.vectorFromArray([1, null, -7], new arrow.Int32()),
  text: arrow.vectorFromArray(['é', '', null], new arrow.Utf8()),
  word: arrow.vectorFromArray(['a', null, 'a'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 7)),
  list: arrow.vectorFromArray([[1, 2], null, []], LIST),
});
const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}.arrow`, import.meta.url));
const KINDS = { plain: Buffer.from(arrow.tableToIPC(PLAIN, 'stream')), lz4: fixture('lz4'), zstd: fixture('zstd') };

function inMemory(content: Buffer): RangedBytes {
  return {
    size: content.length,
    identity: '',
    read: async (offset: number, length: number) => {
      if (offset + length > content.length) throw invalid('beyond the end');
      return new Uint8Array(content.subarray(offset, offset + length));
    },
    close: async () => {},
  };
}

async function lookAtAll(content: Buffer): Promise<void> {
  const previews = new FramePreviews();
  const bytes = inMemory(content);
  const { columns } = await previews.head(bytes);
  await previews.rows(bytes, 0, 20);
  for (const { name } of columns) await previews.column(bytes, name);
}

const CASES = SEEDS.flatMap((seed) => Object.entries(KINDS).map(([kind, whole]) => [kind, seed, whole] as const));

it.each(CASES)('is shown or refused in words, whatever was changed in it: %s (seed %i)', async (_, seed, whole) => {
  await lookAtAll(whole);
  const dice = new Dice(seed);
  const others: string[] = [];
  for (let time = 0; time < TIMES; time++) {
    const content = Buffer.from(whole);
    // Heads of messages lie at the front; there a byte decides most.
    for (let left = dice.int(1, 3); left > 0; left--)
      content[dice.int(0, dice.chance(0.7) ? Math.min(1_500, whole.length - 1) : whole.length - 1)] = dice.int(0, 255);
    await lookAtAll(content).catch((error: Error) => {
      if (!(error instanceof AppError) || error.code !== 'BAD_REQUEST') others.push(`${time}: ${error.stack?.slice(0, 400)}`);
    });
  }
  expect(others.slice(0, 5)).toEqual([]);
});
