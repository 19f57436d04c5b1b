/** From what the server says has changed to what this app has to ask for again. Pure. */
import type { QueryKey } from '@tanstack/react-query';

/** The query keys a topic makes stale. */
export function keysOf(topic: string): readonly QueryKey[] {
  if (topic === 'dags') return [['dags'], ['home'], ['dag']];
  if (topic === 'import_errors') return [['importErrors'], ['dags'], ['dag'], ['home']];
  if (topic === 'assets') return [['assets'], ['asset'], ['assetEvents'], ['assetVersions'], ['triggeringEvents']];
  if (topic === 'syncs') return [['syncs']];
  if (topic === 'workers') return [['home']];
  const [kind, rest = ''] = splitOnce(topic, ':');
  if (kind === 'dag') return [['dags'], ['home'], ['dag', rest], ['grid', rest], ['dagRuns'], ['source', rest], ['syncs']];
  if (kind !== 'run') return [];
  const [dagId, runId] = splitOnce(rest, '/');
  return [['run', dagId, runId], ['task', dagId, runId], ['grid', dagId], ['dagRuns'], ['dags'], ['home']];
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
