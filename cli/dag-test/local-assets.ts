/** Assets in `dags test`: events are told and kept for later tasks of this run, and trigger nothing. */
import { isUseOf, nameOf } from '#core/assets/condition.ts';
import { eventsOfSuccess, type NewAssetEvent } from '#core/assets/events-of-success.ts';
import type { AssetEventQuery, AssetEventRecord, AttemptContext, BodyResult } from '#core/task-protocol.ts';
import type { TaskDefinition } from '#sdk/definition.ts';
import { readUse } from '#sdk/read-assets.ts';

interface Kept {
  readonly record: AssetEventRecord;
  readonly aliases: readonly string[];
}

export class LocalAssets {
  readonly #kept: Kept[] = [];

  /** Keeps the events of a success; returns the lines that tell of them. */
  succeeded(
    context: AttemptContext,
    task: TaskDefinition | undefined,
    result: Extract<BodyResult, { outcome: 'success' }>,
  ): readonly string[] {
    const outlets = (task?.settings.outlets ?? []).map((like) => readUse('outlets', like));
    return eventsOfSuccess(outlets, result.assets ?? []).map((event) => {
      this.#kept.push({ record: this.#recordOf(event, context), aliases: event.aliases });
      return wordsOf(event);
    });
  }

  events(query: AssetEventQuery): readonly AssetEventRecord[] {
    const { of, after, before, partitionKey } = query;
    const found = this.#kept
      .filter(({ record, aliases }) => isUseOf(of, { name: record.name, uri: record.uri, aliases }))
      .map(({ record }) => record)
      .filter((record) => after === undefined || Date.parse(record.timestamp) >= Date.parse(after))
      .filter((record) => before === undefined || Date.parse(record.timestamp) < Date.parse(before))
      .filter((record) => partitionKey === undefined || record.partitionKey === partitionKey);
    if (!query.ascending) found.reverse();
    return found.slice(0, query.limit);
  }

  #recordOf(event: NewAssetEvent, { dagId, runId, taskId, mapIndex, runAfter, partitionKey }: AttemptContext): AssetEventRecord {
    return {
      id: this.#kept.length + 1,
      name: event.name ?? event.uri ?? '',
      uri: event.uri ?? event.name ?? '',
      extra: event.extra,
      partitionKey: event.partitionKey ?? partitionKey ?? null,
      timestamp: runAfter,
      source: { dagId, runId, taskId, mapIndex },
    };
  }
}

function wordsOf({ name, uri, extra, aliases, partitionKey }: NewAssetEvent): string {
  const what = nameOf({ ...(name !== null && { name }), ...(uri !== null && { uri }) });
  const via = aliases.length > 0 ? ` (alias ${aliases.join(', ')})` : '';
  const key = partitionKey === null ? '' : `, partition ${partitionKey}`;
  const more = Object.keys(extra).length > 0 ? ` ${JSON.stringify(extra)}` : '';
  return `asset event: ${what}${via}${key}${more}`;
}
