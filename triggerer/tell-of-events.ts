/** Says that events of an asset are in Postgres. Who does not hear it finds them there. */
import type { TriggererDeps } from './deps.ts';

export function tellOfEvents(
  { logger, broker }: Pick<TriggererDeps, 'logger' | 'broker'>,
  asset: string,
  dagIds: readonly string[],
  events: number,
): void {
  logger.info({ event: 'asset.changed', asset, events, dags: dagIds.length }, 'a watched asset has changed');
  const unique = [...new Set(dagIds)];
  if (unique.length > 0) broker.ring('asset_events_queued', { dagIds: unique });
  broker.ring('ui_events', { topics: ['assets', ...unique.map((dagId) => `dag:${dagId}`)] });
}
