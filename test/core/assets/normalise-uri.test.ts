/** Goal: two spellings of one place are one asset, and what is no place is refused with words. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { normaliseUri } from '#core/assets/normalise-uri.ts';

const uri = (text: string) => (normaliseUri(text) as { uri: string }).uri;
const problem = (text: string) => (normaliseUri(text) as { problem: string }).problem;

it.each([
  ['S3://bucket/key/', 's3://bucket/key'],
  ['gcs://bucket/key', 'gs://bucket/key'],
  ['postgresql://Host/db/public/orders', 'postgres://host:5432/db/public/orders'],
  ['postgres://user:secret@host:6432/db/public/orders/', 'postgres://host:6432/db/public/orders'],
  ['mysql://host/db/orders', 'mysql://host:3306/db/orders'],
  ['https://Example.com:443/data?b=2&a=1#part', 'https://example.com/data?a=1&b=2'],
  ['file:///data/in.csv', 'file:///data/in.csv'],
  ['gs://bucket/key?&', 'gs://bucket/key'],
  ['  orders ', 'orders'],
  ['orders:v2', 'orders:v2'],
  ['custom://thing', 'custom://thing'],
])('%s is %s', (text, wanted) => {
  expect(uri(text)).toBe(wanted);
});

it.each([
  ['', /is empty/],
  ['airflow://x', /reserved/],
  ['s3:///key', /needs a bucket/],
  ['postgres:///db', /needs a host/],
  ['postgres://h/a/b/c/d', /database, a schema and a table/],
  ['straße', /ASCII/],
  ['gs:// #', /no blanks/],
  [`s3://b/${'x'.repeat(1_500)}`, /longer than 1500/],
])('%s is refused', (text, words) => {
  expect(problem(text)).toMatch(words);
});

it('normalising twice changes nothing', () => {
  const texts = fc.oneof(fc.webUrl(), fc.string(), fc.stringMatching(/^(s3|gs|postgres|file|x):\/\/[ -~]{0,30}$/));
  fc.assert(
    fc.property(texts, (text) => {
      const once = normaliseUri(text);
      if ('uri' in once) expect(normaliseUri(once.uri)).toEqual(once);
    }),
    { numRuns: 150 },
  );
});
