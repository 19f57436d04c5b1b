/** /importErrors: DAG files that do not import. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { type ImportErrorRow, listImportErrors } from '#platform/db/queries/api/list-import-errors.ts';
import { iso } from '../http/iso.ts';
import { exactly, integer, listQuery, pattern } from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import * as dagAnswers from './answers/dags.ts';

const ORDERING = {
  fields: { id: 'import_error_id', import_error_id: 'import_error_id', timestamp: 'seen_at', filename: 'file_path', stacktrace: 'stack' },
  default: ['id'],
};

export const importErrorRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/importErrors',
    permission: 'viewer',
    summary: 'List import errors.',
    response: dagAnswers.importErrors,
    query: listQuery({ filename_pattern: pattern('file_path'), bundle_name: exactly('bundle_name') }, ORDERING),
    async handle({ db, query }) {
      const page = await listImportErrors(db, query);
      return { import_errors: page.rows.map(importErrorShape), total_entries: page.total };
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/importErrors/:import_error_id',
    permission: 'viewer',
    summary: 'One import error.',
    response: dagAnswers.importError,
    params: z.object({ import_error_id: integer }),
    async handle({ db, params }) {
      const filters = [{ field: 'import_error_id', operator: 'eq' as const, value: params.import_error_id }];
      const row = (await listImportErrors(db, { filters, orderBy: [], limit: 1, offset: 0 })).rows[0];
      if (row === undefined)
        throw new AppError('NOT_FOUND', `The ImportError with import_error_id: \`${params.import_error_id}\` was not found`);
      return importErrorShape(row);
    },
  }),
];

function importErrorShape(row: ImportErrorRow) {
  return {
    import_error_id: row.import_error_id,
    timestamp: iso(row.seen_at),
    filename: row.file_path,
    bundle_name: row.bundle_name,
    // The message leads: a stack alone does not say what is wrong with a file that does not compile.
    stack_trace: row.stack.includes(row.message) ? row.stack : `${row.message}\n${row.stack}`,
  };
}
