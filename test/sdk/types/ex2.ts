import { dag, notYet, Skip } from 'windlass';
import { z } from 'zod';

declare const s3: {
  list(p: string): Promise<{ key: string; size: number }[]>;
  head(k: string): Promise<boolean>;
  read(k: string, s: AbortSignal): AsyncIterable<string>;
};
declare const warehouse: { copy(keys: string[]): Promise<number>; stream(keys: string[]): Promise<number> };

export default dag(
  'file_drop',
  {
    schedule: { every: '1h' },
    params: z.object({ prefix: z.string().default('in/') }),
    catchup: false,
  },
  ({ sensor, task, map, branch, group }) => {
    const marker = sensor(
      'wait_for_marker',
      async (ctx) =>
        (await s3.head(`${ctx.params.prefix}_READY`))
          ? ctx.run.interval.start.toISOString()
          : notYet({ again: '1m', note: 'no _READY yet' }),
      { every: '2m', timeout: '50m', onTimeout: 'skip' },
    ); // Ref<string>

    const files = task('list', { marker }, async ({ marker }, ctx) => {
      const found = await s3.list(ctx.params.prefix + marker);
      if (found.length === 0) throw new Skip('nothing to do');
      return found;
    });

    const counts = map(
      'count_rows',
      files,
      async (file, ctx) => {
        // file: { key, size }
        let n = 0;
        for await (const _ of s3.read(file.key, ctx.signal)) {
          if (++n % 10_000 === 0) ctx.heartbeat({ done: n, total: file.size });
        }
        return { key: file.key, rows: n };
      },
      { maxActive: 8, tolerate: '5%', label: (f) => f.key },
    ); // Ref<{key, rows}[]>

    const result = branch('route', { counts }, ({ counts }) => (counts.reduce((n, c) => n + c.rows, 0) > 1_000_000 ? 'bulk' : 'fast'), {
      bulk: (b) =>
        b.task('copy', { counts }, async ({ counts }) => ({ mode: 'bulk' as const, rows: await warehouse.copy(counts.map((c) => c.key)) })),
      fast: (b) =>
        b.task('stream', { counts }, async ({ counts }) => ({
          mode: 'fast' as const,
          rows: await warehouse.stream(counts.map((c) => c.key)),
        })),
    }); // Ref<{mode:"bulk",rows} | {mode:"fast",rows}>

    const { audited } = group('after', (g) => ({
      audited: g.task('audit', { result }, ({ result }) => `${result.mode}: ${result.rows}`),
    }));
    return audited;
  },
);
