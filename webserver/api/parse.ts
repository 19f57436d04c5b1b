/** PUT /parseDagFile/{file_token}: parse a file before all others, and now. The token is the DAG's, from GET /dags. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { listDags } from '#platform/db/queries/api/list-dags.ts';
import { askToParse } from '#platform/db/queries/parse-requests.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import { nothing } from './answers/parts.ts';
import { fileSigner } from './dags.ts';

const TOKEN_MAX_CHARS = 4_000;

export function parseRoutes(deps: WebDeps): readonly Route[] {
  const sign = fileSigner(deps);
  return [
    route({
      method: 'PUT',
      url: '/api/v2/parseDagFile/:file_token',
      permission: 'user',
      audit: 'dag_file.parse',
      status: 201,
      summary: 'Parse a DAG file again, before all others. `file_token` is that of one of its DAGs.',
      response: nothing,
      params: z.object({ file_token: z.string().min(1).max(TOKEN_MAX_CHARS) }),
      async handle({ db, params, audit }) {
        const filePath = Buffer.from(params.file_token.split('.')[0] ?? '', 'base64url').toString('utf8');
        const isSigned = sign(filePath) === params.file_token;
        const filters = [{ field: 'file_path', operator: 'eq' as const, value: filePath }];
        const { rows } = isSigned ? await listDags(db, { filters, orderBy: [], limit: 100, offset: 0 }) : { rows: [] };
        if (rows.length === 0) throw new AppError('NOT_FOUND', 'File not found');
        await askToParse(
          db,
          rows.map((row) => ({ bundleName: row.bundle_name, filePath: row.file_path })),
        );
        audit({ extra: { file: filePath } });
        return null;
      },
    }),
  ];
}
