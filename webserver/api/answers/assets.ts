/** Answers about assets, their aliases and events. */
import { z } from 'zod';
import { count, fields, instant, pageOf, text } from './parts.ts';

const taskReference = z.strictObject({ dag_id: text, task_id: text, created_at: instant, updated_at: instant });
export const assetAlias = z.strictObject({ id: count, name: text, group: text }).meta({ id: 'AssetAlias' });
export const assetAliases = pageOf('asset_aliases', assetAlias);

export const asset = z
  .strictObject({
    id: count,
    name: text,
    uri: text,
    group: text,
    extra: fields,
    created_at: instant,
    updated_at: instant,
    scheduled_dags: z.array(z.strictObject({ dag_id: text, created_at: instant, updated_at: instant })),
    producing_tasks: z.array(taskReference),
    consuming_tasks: z.array(taskReference),
    aliases: z.array(assetAlias),
    watchers: z.array(z.strictObject({ name: text, trigger_id: count, created_date: instant })),
    last_asset_event: z.strictObject({ id: count, timestamp: instant.nullable() }).nullable(),
  })
  .meta({ id: 'Asset' });
export const assets = pageOf('assets', asset);

export const assetEvent = z
  .strictObject({
    id: count,
    asset_id: count,
    uri: text,
    name: text,
    group: text,
    extra: fields,
    source_task_id: text.nullable(),
    source_dag_id: text.nullable(),
    source_run_id: text.nullable(),
    source_map_index: count,
    created_dagruns: z.array(
      z.strictObject({
        dag_id: text,
        run_id: text,
        state: text,
        logical_date: instant.nullable(),
        start_date: instant.nullable(),
        end_date: instant.nullable(),
        data_interval_start: instant.nullable(),
        data_interval_end: instant.nullable(),
        partition_key: text.nullable(),
      }),
    ),
    timestamp: instant,
    partition_key: text.nullable(),
  })
  .meta({ id: 'AssetEvent' });
export const assetEvents = pageOf('asset_events', assetEvent);

export const queuedEvent = z
  .strictObject({ dag_id: text, asset_id: count, created_at: instant, dag_display_name: text })
  .meta({ id: 'QueuedEvent' });
export const queuedEvents = pageOf('queued_events', queuedEvent);

const column = z.strictObject({ name: text, type: text, nullable: z.boolean() });
const columnSource = z.strictObject({ asset: text, column: text, through: z.array(text).optional() });

export const assetVersion = z
  .strictObject({
    id: count,
    asset_id: count,
    asset_name: text,
    timestamp: instant,
    partition_key: text.nullable(),
    source_dag_id: text,
    source_run_id: text,
    source_task_id: text,
    source_map_index: count,
    attempt_id: text,
    dag_version: count.nullable(),
    code_hash: text.nullable(),
    columns: z.array(column).nullable(),
    row_count: count.nullable(),
    bytes: count.nullable(),
    partitions: z.array(text).nullable(),
    column_lineage: z.record(text, z.array(columnSource)).nullable(),
    sample: z
      .strictObject({
        columns: z.array(text),
        rows: z.array(z.array(z.union([text, z.number(), z.boolean()]).nullable())),
        nulls: z.array(count.nullable()).optional(),
      })
      .nullable(),
    upstream: z.array(z.strictObject({ asset_id: count, name: text, version_id: count.nullable() })),
    compared_with: count.nullable(),
    column_changes: z.array(
      z.strictObject({
        column: text,
        kind: z.enum(['added', 'removed', 'type', 'nullable']),
        from: text.nullable(),
        to: text.nullable(),
        is_compatible: z.boolean(),
      }),
    ),
    is_compatible: z.boolean(),
  })
  .meta({ id: 'AssetVersion' });
export const assetLineage = z
  .strictObject({
    assets: z.array(z.strictObject({ id: count, name: text, uri: text, group: text, is_active: z.boolean(), distance: z.int() })),
    edges: z.array(z.strictObject({ upstream_id: count, downstream_id: count, dag_id: text, task_id: text })),
    is_whole: z.boolean(),
  })
  .meta({ id: 'AssetLineage' });

export const assetVersions = pageOf('asset_versions', assetVersion);
