/** Addresses of pages, for messages that people read elsewhere. */
import type { Config } from './config/config.ts';

export function baseUrlOf(config: Pick<Config, 'baseUrl' | 'webPort'>): string {
  return config.baseUrl === '' ? `http://localhost:${config.webPort}` : config.baseUrl.replace(/\/+$/, '');
}

/** The page of a run, or of one of its task instances. `mapIndex` -1 = not mapped. */
export function pageUrl(
  baseUrl: string,
  of: {
    readonly dagId: string;
    readonly runId: string;
    readonly taskId?: string | null;
    readonly mapIndex?: number;
    readonly tab?: string;
  },
): string {
  const run = `${baseUrl}/dags/${encodeURIComponent(of.dagId)}/runs/${encodeURIComponent(of.runId)}`;
  if (!of.taskId) return run;
  const mapped = (of.mapIndex ?? -1) < 0 ? '' : `?map_index=${of.mapIndex}`;
  return `${run}/tasks/${encodeURIComponent(of.taskId)}${of.tab ? `/${of.tab}` : ''}${mapped}`;
}
