/** A DAG whose one task makes an asset: `assetDag(orders, { schedule: '@daily' }, async (ctx) => { … })`. */
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import type { Asset } from './assets.ts';
import type { Ctx } from './context.ts';
import { dag } from './dag.ts';
import type { DagOpts } from './dag-options.ts';
import type { Dag } from './dag-type.ts';
import type { EmptySchema, InferOut, StandardSchemaV1 } from './standard-schema.ts';

export interface AssetDagOpts<P extends StandardSchemaV1> extends DagOpts<P> {
  /** Default: the name of the asset. */
  dagId?: string;
}

/** Takes one asset or several. DAG and task have the name of the first. Throws DAG_INVALID when that is no id. */
export function assetDag<P extends StandardSchemaV1 = EmptySchema, R = void>(
  assets: Asset | readonly Asset[],
  options: AssetDagOpts<P>,
  run: (ctx: Ctx<InferOut<P>>) => R | Promise<R>,
): Dag<P, R> {
  const list = Array.isArray(assets) ? (assets as readonly Asset[]) : [assets as Asset];
  const { dagId, ...rest } = options;
  const id = dagId ?? list[0]?.name;
  if (!isKey(id))
    throw new AppError(
      'DAG_INVALID',
      `assetDag: ${JSON.stringify(id)} cannot be the id of a DAG. Give the asset a name of letters, digits and _ . -, or choose: assetDag(asset, { dagId: "orders" }, …).`,
    );
  return dag(id, rest as DagOpts<P>, ({ task }) => task(id, run as never, { outlets: list })) as unknown as Dag<P, R>;
}
