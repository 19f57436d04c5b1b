// Goal: a scheduler reads a version of a DAG once while it is in use, and keeps none that nobody uses: a DAG may be saved for ever.
// Method: the loader over a database that counts what is read; the collector of garbage is called by hand.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { shardOf } from '#core/sharding.ts';
import type { Queryable } from '#platform/db/client.ts';
import { quietLogger } from '#platform/logger.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { Loader } from '../../scheduler/engine/loader.ts';
import { database, saveDag } from './engine-harness.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it('a version is read once while somebody uses it, and forgotten afterwards', async () => {
  await saveDag(aDagSpec('etl', [aTask('a')]));
  let reads = 0;
  const counting: Queryable = {
    query: (statement, values) => {
      if (/from dag_version/.test(statement.text) && /version_id = any/.test(statement.text)) reads += 1;
      return database.db.query(statement, values);
    },
  };
  const loader = new Loader(counting, quietLogger());
  const load = async () => (await loader.dags([shardOf('etl')], null))[0]?.index;
  const used: unknown[] = [await load()];
  collect();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await load()).toBe(used[0]);
  expect(reads).toBe(1);

  used.length = 0;
  await until(
    async () => {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
      await load();
      return reads > 1;
    },
    { what: 'it is read again, as nobody held it' },
  );
});
