/** …/taskInstances/{task_id}/xcomEntries: what tasks have handed on. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Filter } from '#platform/db/list-query.ts';
import { findXComEntry } from '#platform/db/queries/api/find-xcom-entry.ts';
import { listXComs } from '#platform/db/queries/api/list-xcoms.ts';
import type { XComRow } from '#platform/db/queries/api/xcom-row.ts';
import { openXcomBackend } from '#platform/xcom/backend.ts';
import { LargeValues } from '#platform/xcom/large-values.ts';
import { iso } from '../http/iso.ts';
import { anyInteger, exactly, instantRange, integer, listQuery, pattern } from '../http/list-query-schema.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDagRun } from './lookups.ts';
import { instancePath, xcomPath } from './path-ids.ts';
import { keyOf } from './task-instances.ts';

const FILTERS = {
  xcom_key: exactly('key'),
  map_index: anyInteger('map_index'),
  map_index_filter: anyInteger('map_index'),
  xcom_key_pattern: pattern('key'),
  dag_display_name_pattern: pattern('dag_id'),
  run_id_pattern: pattern('run_id'),
  task_id_pattern: pattern('task_id'),
  ...instantRange('logical_date'),
  ...instantRange('run_after'),
};

const flag = z.enum(['true', 'false', 'True', 'False', '1', '0']).transform((text) => /^(true|1)$/i.test(text));
const entryQuery = z.object({ map_index: integer.default(-1), deserialize: flag.default(false), stringify: flag.default(false) });

const BASE = '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/xcomEntries';

export function xcomRoutes({ config }: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: BASE,
      permission: 'viewer',
      summary: 'List XComs, without their values. ~ = any DAG, run or task.',
      response: runAnswers.xcoms,
      params: instancePath,
      query: listQuery(FILTERS, { fields: { key: 'key', task_id: 'task_id' }, default: [] }),
      async handle({ db, params, query }) {
        if (params.dag_id !== '~' && params.dag_run_id !== '~') await requireDagRun(db, params.dag_id, params.dag_run_id);
        const places = [
          ['dag_id', params.dag_id],
          ['run_id', params.dag_run_id],
          ['task_id', params.task_id],
        ] as const;
        const here: Filter[] = places.filter(([, value]) => value !== '~').map(([field, value]) => ({ field, operator: 'eq', value }));
        const page = await listXComs(db, { ...query, filters: [...query.filters, ...here] });
        return { xcom_entries: page.rows.map(xcomShape), total_entries: page.total };
      },
    }),
    route({
      method: 'GET',
      url: `${BASE}/:xcom_key`,
      permission: 'viewer',
      summary: 'One XCom with its value; stringify gives the value as JSON text.',
      response: runAnswers.xcom,
      params: xcomPath,
      query: entryQuery,
      async handle({ db, params, query }) {
        const row = await findXComEntry(db, keyOf(params, query.map_index), params.xcom_key);
        if (row === null) throw new AppError('NOT_FOUND', `XCom entry with key: \`${params.xcom_key}\` not found`);
        const value = row.ref === null ? row.value : await new LargeValues(openXcomBackend(config), 0).get(row.ref);
        return { ...xcomShape(row), value: query.stringify ? JSON.stringify(value) : value };
      },
    }),
  ];
}

function xcomShape(row: XComRow) {
  return {
    key: row.key,
    timestamp: iso(row.created_at),
    logical_date: iso(row.logical_date),
    map_index: row.map_index,
    task_id: row.task_id,
    dag_id: row.dag_id,
    run_id: row.run_id,
    dag_display_name: row.dag_id,
    task_display_name: row.task_id,
    run_after: iso(row.run_after),
  };
}
