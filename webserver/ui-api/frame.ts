/** GET …/tasks/{taskId}/frame: a look into the frame that a task handed on, however large it is. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { openFileIn, type RangedBytes } from '#platform/bytes/ranged-bytes.ts';
import type { Queryable } from '#platform/db/client.ts';
import { findXComEntry } from '#platform/db/queries/api/find-xcom-entry.ts';
import { FRAME_LIMITS } from '#platform/frames/frame-limits.ts';
import type { FramePreviews } from '#platform/frames/frame-preview.ts';
import { openXcomBackend } from '#platform/xcom/backend.ts';
import { LargeValues } from '#platform/xcom/large-values.ts';
import { instancePath } from '../api/path-ids.ts';
import { keyOf } from '../api/task-instances.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import type { UiFrame, UiFrameColumnSummary, UiFrameRows } from './data-types.ts';

const frameQuery = z.object({ map_index: integer.default(-1), key: z.string().min(1).max(512).default('return_value') });
const rowsQuery = frameQuery.extend({ offset: integer.default(0), limit: integer.default(100) });
const columnQuery = frameQuery.extend({ column: z.string().max(1_000) });

type Place = z.infer<typeof instancePath>;

export function framePageRoutes({ config }: WebDeps): readonly Route[] {
  const backend = openXcomBackend(config);
  const large = new LargeValues(backend, 0);
  let loaded: Promise<FramePreviews> | null = null;
  // With Arrow, which is large: most web servers are never asked for a frame.
  const previews = () => {
    loaded ??= import('#platform/frames/frame-preview.ts').then((module) => new module.FramePreviews());
    return loaded;
  };
  const base = '/ui/api/dags/:dag_id/runs/:dag_run_id/tasks/:task_id/frame';
  const within = async <T>(db: Queryable, place: Place, query: z.infer<typeof frameQuery>, look: (bytes: RangedBytes) => Promise<T>) => {
    const entry = await findXComEntry(db, keyOf(place, query.map_index), query.key);
    const value = entry === null || entry.ref === null ? entry?.value : await large.get(entry.ref);
    const { path, sha256 } = (value ?? {}) as { readonly path?: unknown; readonly sha256?: unknown };
    if (entry === null || typeof path !== 'string') throw new AppError('NOT_FOUND', `The task handed on no frame as "${query.key}".`);
    const bytes = await openFileIn(config.scratchFolder, path).catch((error: Error) => {
      // On another machine, or cleaned up: then a copy may lie in the XCom backend.
      if (backend === null || typeof sha256 !== 'string') throw error;
      return backend.openFrame(entry.dag_run_id, sha256);
    });
    try {
      return await look(bytes);
    } finally {
      await bytes.close();
    }
  };
  return [
    route({
      method: 'GET',
      url: base,
      permission: 'viewer',
      summary: 'Columns and size of a frame that a task handed on.',
      params: instancePath,
      query: frameQuery,
      handle: ({ db, params, query }): Promise<UiFrame> => within(db, params, query, async (bytes) => (await previews()).head(bytes)),
    }),
    route({
      method: 'GET',
      url: `${base}/rows`,
      permission: 'viewer',
      summary: `Rows of a frame, at most ${FRAME_LIMITS.rowsPerPage} at a time.`,
      params: instancePath,
      query: rowsQuery,
      handle: ({ db, params, query }): Promise<UiFrameRows> =>
        within(db, params, query, async (bytes) => ({
          offset: query.offset,
          rows: await (await previews()).rows(bytes, query.offset, query.limit),
        })),
    }),
    route({
      method: 'GET',
      url: `${base}/column`,
      permission: 'viewer',
      summary: 'What a column of a frame is like: nulls, least, greatest, and how its values are spread.',
      params: instancePath,
      query: columnQuery,
      handle: ({ db, params, query }): Promise<UiFrameColumnSummary> =>
        within(db, params, query, async (bytes) => (await previews()).column(bytes, query.column)),
    }),
  ];
}
