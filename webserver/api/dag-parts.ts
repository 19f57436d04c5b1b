/** What belongs to a DAG: its tasks, versions, source, tags, favourites, statistics, warnings. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { DAG_RUN_STATES } from '#core/states.ts';
import type { Filter } from '#platform/db/list-query.ts';
import { addFavorite, removeFavorite } from '#platform/db/queries/api/dag-favorites.ts';
import { listDagStats } from '#platform/db/queries/api/list-dag-stats.ts';
import { listDagTags } from '#platform/db/queries/api/list-dag-tags.ts';
import { type DagVersionHead, listDagVersions } from '#platform/db/queries/api/list-dag-versions.ts';
import { listDagWarnings } from '#platform/db/queries/api/list-dag-warnings.ts';
import { iso } from '../http/iso.ts';
import { anyInteger, exactly, integer, listQuery, pattern } from '../http/list-query-schema.ts';
import { principalOf, type Route, route } from '../http/route.ts';
import * as dagAnswers from './answers/dags.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDag, requireDagVersion } from './lookups.ts';
import { dagPath, taskPath } from './path-ids.ts';
import { dagVersionShape } from './shapes/dag-version.ts';
import { downstreamOf, taskShape } from './shapes/task.ts';
import { warningWords } from './shapes/warning-words.ts';

const versionPath = dagPath.extend({ version_number: integer });
const VERSION_ORDER = { fields: { id: 'version_id', version_number: 'version_number' }, default: ['id'] };

const tasks: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/dags/:dag_id/tasks',
    permission: 'viewer',
    summary: 'The tasks of a DAG.',
    response: dagAnswers.tasks,
    params: dagPath,
    query: z.object({ order_by: z.string().max(100).default('task_id') }),
    async handle({ db, params, query }) {
      const { spec } = await requireDagVersion(db, params.dag_id, null);
      const downstream = downstreamOf(spec.tasks);
      const shapes = spec.tasks.map((task) => taskShape(task, spec, downstream.get(task.taskId) ?? []));
      return { tasks: sortBy(shapes, query.order_by), total_entries: shapes.length };
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/dags/:dag_id/tasks/:task_id',
    permission: 'viewer',
    summary: 'One task.',
    response: dagAnswers.task,
    params: taskPath,
    async handle({ db, params }) {
      const { spec } = await requireDagVersion(db, params.dag_id, null);
      const task = spec.tasks.find((candidate) => candidate.taskId === params.task_id);
      if (task === undefined) throw new AppError('NOT_FOUND', `Task with id ${params.task_id} was not found`);
      return taskShape(task, spec, downstreamOf(spec.tasks).get(task.taskId) ?? []);
    },
  }),
];

const versions: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/dags/:dag_id/dagVersions',
    permission: 'viewer',
    summary: 'The versions of a DAG, or of all (~).',
    response: dagAnswers.dagVersions,
    params: dagPath,
    query: listQuery(
      { version_number: anyInteger('version_number'), bundle_name: exactly('bundle_name'), bundle_version: exactly('bundle_version') },
      VERSION_ORDER,
    ),
    async handle({ db, params, query }) {
      if (params.dag_id !== '~') await requireDag(db, params.dag_id);
      const ofDag: Filter[] = params.dag_id === '~' ? [] : [{ field: 'dag_id', operator: 'eq', value: params.dag_id }];
      const page = await listDagVersions(db, { ...query, filters: [...query.filters, ...ofDag] });
      return { dag_versions: page.rows.map(versionShape), total_entries: page.total };
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/dags/:dag_id/dagVersions/:version_number',
    permission: 'viewer',
    summary: 'One version.',
    response: runAnswers.dagVersion,
    params: versionPath,
    handle: async ({ db, params }) => versionShape(await requireDagVersion(db, params.dag_id, params.version_number)),
  }),
  route({
    method: 'GET',
    url: '/api/v2/dagSources/:dag_id',
    permission: 'viewer',
    summary: "A version's source, as JSON or text by the Accept header.",
    response: dagAnswers.dagSource,
    alternatives: { 'text/plain': 'The source as it is.' },
    params: dagPath,
    query: z.object({ version_number: integer.nullish() }),
    async handle({ db, params, query, request, reply }) {
      const version = await requireDagVersion(db, params.dag_id, query.version_number ?? null);
      // Text is never HTML: with nosniff a browser shows it as it is.
      if (/^text\/plain/.test(request.headers.accept ?? '')) return reply.type('text/plain; charset=utf-8').send(version.source);
      return { content: version.source, dag_id: version.dag_id, version_number: version.version_number, dag_display_name: version.dag_id };
    },
  }),
];

const favourites: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/v2/dags/:dag_id/favorite',
    permission: 'viewer',
    audit: 'dag.favorite',
    status: 204,
    summary: 'Make a DAG a favourite of yours.',
    params: dagPath,
    async handle(context) {
      const row = await requireDag(context.db, context.params.dag_id);
      await addFavorite(context.db, row.dag_id, principalOf(context).username);
    },
  }),
  route({
    method: 'POST',
    url: '/api/v2/dags/:dag_id/unfavorite',
    permission: 'viewer',
    audit: 'dag.unfavorite',
    status: 204,
    summary: 'A DAG is no favourite of yours any more.',
    params: dagPath,
    async handle(context) {
      const row = await requireDag(context.db, context.params.dag_id);
      const was = await removeFavorite(context.db, row.dag_id, principalOf(context).username);
      if (!was) throw new AppError('CONFLICT', `DAG with ID '${row.dag_id}' is not in the favorites list.`);
    },
  }),
];

const overviews: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/dagTags',
    permission: 'viewer',
    summary: 'All tags.',
    response: dagAnswers.dagTags,
    query: listQuery({ tag_name_pattern: pattern('tag') }, { fields: { name: 'tag' }, default: ['name'] }),
    async handle({ db, query }) {
      const page = await listDagTags(db, query);
      return { tags: page.rows.map((row) => row.tag), total_entries: page.total };
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/dagStats',
    permission: 'viewer',
    summary: 'How many runs DAGs have, by state.',
    response: dagAnswers.dagStats,
    query: z.object({ dag_ids: z.union([z.string(), z.array(z.string())]).optional() }),
    async handle({ db, query }) {
      const rows = await listDagStats(db, query.dag_ids === undefined ? null : [query.dag_ids].flat());
      const dags = rows.map((row) => ({
        dag_id: row.dag_id,
        dag_display_name: row.dag_id,
        stats: DAG_RUN_STATES.map((state) => ({ state, count: row.counts[state] ?? 0 })),
      }));
      return { dags, total_entries: dags.length };
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/dagWarnings',
    permission: 'viewer',
    summary: 'DAGs that name a missing pool or an asset in conflict, or come out differently each time their file is imported.',
    response: dagAnswers.dagWarnings,
    query: listQuery(
      { dag_id: exactly('dag_id'), warning_type: exactly('warning_type') },
      { fields: { dag_id: 'dag_id', timestamp: 'at' }, default: ['dag_id'] },
    ),
    async handle({ db, query }) {
      const page = await listDagWarnings(db, query);
      const warnings = page.rows.map((row) => ({
        dag_id: row.dag_id,
        warning_type: row.warning_type,
        message: warningWords(row),
        timestamp: iso(row.at),
        dag_display_name: row.dag_id,
      }));
      return { dag_warnings: warnings, total_entries: page.total };
    },
  }),
];

export const dagPartRoutes: readonly Route[] = [...tasks, ...versions, ...favourites, ...overviews];

function versionShape(row: DagVersionHead) {
  return dagVersionShape({ ...row, version_created_at: row.created_at });
}

/** Sorts by one field of the answer, as Airflow does for tasks. Throws BAD_REQUEST on an unknown field. */
function sortBy<T extends object>(shapes: readonly T[], order: string): readonly T[] {
  const name = order.replace(/^-/, '');
  if (shapes.length > 0 && !Object.hasOwn(shapes[0] as T, name))
    throw new AppError('BAD_REQUEST', `Tasks cannot be ordered by '${name}'. Use a field of the answer, for example task_id.`);
  const direction = order.startsWith('-') ? -1 : 1;
  const textOf = (shape: T) => String((shape as Readonly<Record<string, unknown>>)[name] ?? '');
  return [...shapes].sort((a, b) => direction * textOf(a).localeCompare(textOf(b), 'en', { numeric: true }));
}
