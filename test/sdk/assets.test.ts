/** Goal: what authors say of assets becomes the spec, and what bodies say of them becomes the result. */
import { describe, expect, it } from 'vitest';
import type { AssetEventRecord, BodyResult, RequestBody, RunMessage } from '#core/task-protocol.ts';
import { validateSpec } from '#core/validate-spec.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import {
  all,
  allowedKeys,
  any,
  asset,
  assetAlias,
  assetDag,
  assetOrTime,
  assetRef,
  cronPartition,
  dag,
  onAssets,
  product,
  type Schedule,
  startOf,
} from '#sdk/index.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';

const orders = asset({ name: 'orders', uri: 'S3://lake/orders/', group: 'sales', extra: { owner: 'ann' }, freshness: '26h' });
const customers = asset('s3://lake/customers');
const daily = assetAlias('daily');
const spec = (schedule: Schedule) => serialiseDag(dag('d', { schedule }, ({ task }) => task('t', () => 1)) as unknown as DagDefinition);

describe('an asset', () => {
  it('is known by its name and the one spelling of its URI', () => {
    expect(orders).toMatchObject({ name: 'orders', uri: 's3://lake/orders', group: 'sales', freshnessMs: 26 * 3_600_000 });
    expect(asset('S3://lake/orders/')).toMatchObject({ name: 's3://lake/orders', uri: 's3://lake/orders', group: 'asset' });
  });

  it.each([
    [() => asset(''), /needs a name or a URI/],
    [() => asset('airflow://x'), /reserved/],
    [() => asset('x', { grup: 'a' } as never), /Did you mean "group"/],
    [() => asset('x', { watch: { file: 'relative' } }), /watch of asset "x" must be/],
    [() => asset('x', { watch: { objects: 'https://bucket/in' } }), /watch of asset "x" must be/],
    [() => asset('x', { watch: { stream: 'orders' } as never }), /watch of asset "x" must be/],
    [() => asset('x', { watch: { notify: 'orders', connection: 'a', group: 'b' } as never }), /Unknown option "group"/],
    [() => spec(onAssets({ all: [] })), /empty all\(\)/],
    [() => spec(onAssets(all(orders, customers), { each: true })), /no single event starts a run/],
    [() => spec(assetOrTime(onAssets(orders), customers)), /must be a schedule by time/],
    [() => spec(onAssets(orders, { partition: 'day' as never })), /startOf/],
    [() => startOf('decade' as never), /one of hour, day/],
    [() => dag('d', {}, ({ task }) => task('t', () => 1, { outlets: ['orders' as never] })), /must be made with asset/],
  ])('that makes no sense is refused', (make, words) => {
    expect(make).toThrow(words);
  });
});

it('what watches an asset is plain data, with the connection of its cloud', () => {
  expect(asset('a', { watch: { objects: 's3://lake/in/', match: '*.csv', every: '5s' } }).watch).toEqual({
    kind: 'objects',
    uri: 's3://lake/in/',
    connection: 'aws_default',
    match: '*.csv',
    everyMs: 5_000,
  });
  expect(asset('b', { watch: { objects: 'gs://lake/in/', connection: 'mine' } }).watch).toMatchObject({ connection: 'mine' });
  expect(asset('c', { watch: { notify: 'orders', connection: 'shop', catchUp: 'select 1' } }).watch).toEqual({
    kind: 'notify',
    connection: 'shop',
    channel: 'orders',
    catchUp: 'select 1',
    everyMs: 60_000,
  });
  expect(asset('d', { watch: { stream: 'orders', connection: 'cache', group: 'g' } }).watch).toMatchObject({ kind: 'stream', group: 'g' });
});

describe('a schedule on assets', () => {
  it('is a condition, with the assets it defines', () => {
    const made = spec(onAssets(all(orders, any(customers, daily, assetRef({ name: 'elsewhere' })))));
    expect(made.schedule).toEqual({ kind: 'none' });
    expect(made.assetSchedule).toEqual({
      condition: {
        all: [
          { asset: { name: 'orders', uri: 's3://lake/orders' } },
          {
            any: [
              { asset: { name: 's3://lake/customers', uri: 's3://lake/customers' } },
              { alias: 'daily' },
              { asset: { name: 'elsewhere' } },
            ],
          },
        ],
      },
    });
    expect(made.scheduleSummary).toBe('on orders and (s3://lake/customers or alias daily or elsewhere)');
    expect(made.assets?.map((one) => one.name)).toEqual(['orders', 's3://lake/customers']);
    expect(made.assetAliases).toEqual([{ name: 'daily', group: '' }]);
    expect(validateSpec(JSON.parse(JSON.stringify(made)))).toEqual([]);
  });

  it('may be one asset, a list of them (all), or beside a time', () => {
    expect(spec(orders).assetSchedule?.condition).toHaveProperty('asset');
    expect(spec([orders, customers]).scheduleSummary).toBe('on orders and s3://lake/customers');
    const both = spec(assetOrTime('@daily', orders));
    expect(both).toMatchObject({ schedule: { kind: 'cron', expression: '0 0 * * *' }, scheduleSummary: '@daily, or on orders' });
    expect(both.assetSchedule).toBeDefined();
  });

  it('may be by partition', () => {
    const made = spec(
      onAssets([orders, customers], {
        partition: { default: startOf('day'), byAsset: [[customers, product(allowedKeys('eu'), startOf('day'))]] },
      }),
    );
    expect(made.assetSchedule?.partition).toMatchObject({ mapper: { period: 'day' }, byAsset: [{ mapper: { kind: 'product' } }] });
    expect(validateSpec(JSON.parse(JSON.stringify(made)))).toEqual([]);
    const ticks = spec(cronPartition('0 0 * * *', { tz: 'Europe/Berlin', keyFormat: '%Y-%m-%d', runOffset: -1 }));
    expect(ticks.schedule).toMatchObject({ partition: { format: '%Y-%m-%d', offsetTicks: -1 } });
    expect(validateSpec(JSON.parse(JSON.stringify(ticks)))).toEqual([]);
  });
});

describe('assetDag', () => {
  it('is a DAG of one task that makes the asset', () => {
    const made = serialiseDag(assetDag(orders, { schedule: '@daily' }, () => 1) as unknown as DagDefinition);
    expect(made).toMatchObject({ dagId: 'orders', tasks: [{ taskId: 'orders', outlets: [{ asset: { name: 'orders' } }] }] });
    expect(
      serialiseDag(assetDag([customers, orders], { dagId: 'both' }, () => 1) as unknown as DagDefinition).tasks[0]?.outlets,
    ).toHaveLength(2);
    expect(() => assetDag(customers, {}, () => 1)).toThrow(/cannot be the id of a DAG/);
  });
});

function attempt(
  made: unknown,
  context: Partial<RunMessage['context']> = {},
  answer?: (body: RequestBody) => unknown,
): Promise<BodyResult> {
  const message = {
    type: 'run',
    inputs: {},
    context: {
      taskId: 't',
      params: {},
      logicalDate: null,
      dataIntervalStart: null,
      dataIntervalEnd: null,
      runAfter: '2026-11-23T00:00:00Z',
      firstStartedAt: null,
      scratchFolder: '/tmp/x',
      ...context,
    },
  } as unknown as RunMessage;
  return runTask(made as DagDefinition, message, {
    log: () => undefined,
    request: async (body) => answer?.(body),
    heartbeat: () => undefined,
    signal: new AbortController().signal,
  });
}

const RECORD: AssetEventRecord = {
  id: 7,
  name: 'orders',
  uri: 's3://lake/orders',
  extra: { rows: 3 },
  partitionKey: null,
  timestamp: '2026-11-23T00:00:00.000Z',
  source: null,
};

describe('a body', () => {
  it('says of its outlets what their events carry', async () => {
    const made = dag('d', {}, ({ task }) =>
      task(
        't',
        (ctx) => {
          ctx.outlets.get(orders).extra['rows'] = 3;
          ctx.emit(customers, { extra: { rows: 1 }, partitionKey: 'eu' });
          ctx.outlets.get(daily).add(asset('s3://lake/found', { group: 'found' }), { extra: { rows: 2 } });
        },
        { outlets: [orders, customers, daily] },
      ),
    );
    expect(await attempt(made)).toMatchObject({
      outcome: 'success',
      assets: [
        { name: 's3://lake/customers', extra: { rows: 1 }, partitionKey: 'eu' },
        { name: 's3://lake/found', uri: 's3://lake/found', group: 'found', alias: 'daily', extra: { rows: 2 } },
        { name: 'orders', uri: 's3://lake/orders', extra: { rows: 3 } },
      ],
    });
  });

  it('may speak of its own outlets and read its own inlets only', async () => {
    const made = dag('d', {}, ({ task }) => task('t', (ctx) => ctx.emit(orders)));
    expect(await attempt(made)).toMatchObject({
      outcome: 'failed',
      retryable: false,
      error: { message: expect.stringMatching(/none of the outlets of "t"/) },
    });
    const reader = dag('d', {}, ({ task }) => task('t', (ctx) => ctx.inletEvents(orders)));
    expect(await attempt(reader)).toMatchObject({ outcome: 'failed', error: { message: expect.stringMatching(/none of the inlets/) } });
  });

  it('reads the events of its inlets, with filters', async () => {
    const asked: RequestBody[] = [];
    const made = dag('d', {}, ({ task }) =>
      task(
        't',
        async (ctx) => {
          const [event] = await ctx.inletEvents(orders, { after: new Date(0), limit: 1, extra: { rows: 3 } });
          return event?.timestamp.getTime();
        },
        { inlets: orders },
      ),
    );
    const result = await attempt(made, {}, (body) => {
      asked.push(body);
      return [RECORD];
    });
    expect(result).toMatchObject({ outcome: 'success', value: Date.parse(RECORD.timestamp) });
    expect(asked).toEqual([
      {
        what: 'asset_events',
        query: {
          of: { asset: { name: 'orders', uri: 's3://lake/orders' } },
          limit: 1,
          ascending: false,
          after: '1970-01-01T00:00:00.000Z',
          extra: { rows: 3 },
        },
      },
    ]);
  });

  it('knows the events that made its run and the partition it is for, also in templates', async () => {
    const made = dag('d', {}, ({ task }) =>
      task('t', async (ctx) => [
        ctx.partitionKey,
        ctx.triggeringAssetEvents['orders']?.[0]?.extra['rows'],
        await ctx.template('{{ partition_key }} {{ triggering_asset_events["orders"][0].extra.rows }}'),
      ]),
    );
    const context = { partitionKey: '2026-03-10', triggeringAssetEvents: [RECORD] };
    expect(await attempt(made, context)).toMatchObject({ outcome: 'success', value: ['2026-03-10', 3, '2026-03-10 3'] });
  });
});
