/**
 * Goal: a cell of the matrix is red, and says why, when the product is wrong. Method: its processes load sources from which one
 * measure of safety was edited out. `npm test` plays one of them, `npm run probes` all, and each once with nothing edited out.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { ProbedCluster } from './cluster.ts';
import { dagFile } from './dag-texts.ts';
import { CELL_MS, runCell } from './matrix.ts';
import { CELL_SABOTAGES, type CellSabotage } from './sabotages.ts';
import { runsOf } from './workloads.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const isWhole = process.env['PROBE_ONLY'] !== undefined;
const PLAYED = isWhole ? CELL_SABOTAGES : CELL_SABOTAGES.slice(0, 1);

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function play({ dag, sql, ...cell }: CellSabotage, edits: CellSabotage['edits']): Promise<void> {
  const cluster = await ProbedCluster.open(
    redis,
    { scheduler: 1, worker: 2 },
    (folder) => ({ 'all.ts': dagFile(folder, { [dag]: dag }) }),
    { edits },
  );
  try {
    if (edits.length > 0 && sql !== undefined) await cluster.sql(sql);
    await runCell(cluster, { ...cell, workload: runsOf(dag) }, 0);
  } finally {
    await cluster.close();
  }
}

describe('what is edited out', () => {
  it.for(CELL_SABOTAGES)('$name: stands once where it is looked for', ({ edits }) => {
    for (const { file, find, replace } of edits) {
      expect(readFileSync(join(PROJECT, file), 'utf8').split(find), `${file}: ${find}`).toHaveLength(2);
      expect(replace).not.toBe(find);
    }
  });
});

describe('a cell', () => {
  it.for(PLAYED)('at $probe ($action) is red when $what', { timeout: CELL_MS }, async (sabotage) => {
    await expect(play(sabotage, sabotage.edits)).rejects.toThrow(sabotage.violation);
  });

  it.for(isWhole ? CELL_SABOTAGES : [])(
    'at $probe ($action) with the DAG $dag is green when nothing is edited out',
    { timeout: CELL_MS },
    (sabotage) => play(sabotage, []),
  );
});
