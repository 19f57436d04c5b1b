/** The assets of a definition, as plain data. What a DAG does not have is absent, so that its spec stays as it was. */
import type { AssetUse } from '#core/assets/asset-spec.ts';
import type { DagSpec, TaskSpec } from '#core/dag-spec.ts';
import type { AssetLike } from '../assets.ts';
import type { DagDefinition } from '../definition.ts';
import { mentionedIn, readUse } from '../read-assets.ts';

/** By its schedule and its tasks. */
export function assetsNamedIn({ settings, tasks }: DagDefinition): readonly AssetLike[] {
  return [
    ...(settings.schedule.assets?.likes ?? []),
    ...[...tasks.values()].flatMap((task) => [...task.settings.outlets, ...(task.settings.inlets ?? [])]),
  ];
}

export function serialiseAssets(dag: DagDefinition): Pick<DagSpec, 'assetSchedule' | 'assets' | 'assetAliases'> {
  const { schedule } = dag.settings;
  const { assets, aliases } = mentionedIn(assetsNamedIn(dag));
  return {
    ...(schedule.assets && { assetSchedule: schedule.assets.spec }),
    ...(assets.length > 0 && { assets }),
    ...(aliases.length > 0 && { assetAliases: aliases }),
  };
}

export function serialiseUses(name: 'outlets' | 'inlets', likes: readonly AssetLike[]): Pick<TaskSpec, 'outlets' | 'inlets'> {
  return likes.length === 0 ? {} : { [name]: likes.map((like): AssetUse => readUse(name, like)) };
}
