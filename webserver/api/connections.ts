/** /connections: where tasks reach other systems. Passwords and secrets in extra go in and never come back. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { testConnection } from '#platform/connection-test/test-connection.ts';
import type { Queryable } from '#platform/db/client.ts';
import { deleteConnection } from '#platform/db/queries/secrets/delete-connection.ts';
import { type ConnectionRow, findConnection } from '#platform/db/queries/secrets/find-connection.ts';
import { listConnections } from '#platform/db/queries/secrets/list-connections.ts';
import { saveConnection } from '#platform/db/queries/secrets/save-connection.ts';
import type { Connection } from '#platform/secrets/connection.ts';
import { withGoogleKey } from '#platform/secrets/google-credentials.ts';
import { type ConnectionSecret, openConnectionSecret, requireConnection, sealConnectionSecret } from '#platform/secrets/secret-store.ts';
import { listQuery, pattern } from '../http/list-query-schema.ts';
import { ProblemError, uniqueViolation } from '../http/problem.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import { invalidField } from '../http/validation.ts';
import * as adminAnswers from './answers/admin.ts';
import * as runAnswers from './answers/runs.ts';
import { type BulkOperations, bulkBody, runBulk } from './bulk.ts';
import { isAddressable, NOT_ADDRESSABLE } from './path-ids.ts';
import { HIDDEN, redactJsonText, restoreHidden } from './redact.ts';
import { maskedFields, updateMaskQuery } from './update-mask.ts';

const text = z.string().max(5_000).nullish();
const connectionBody = z.strictObject({
  connection_id: z
    .string()
    .regex(/^[\w.-]{1,200}$/, 'Use 1 to 200 of the characters A-Z a-z 0-9 _ . -')
    .refine(isAddressable, NOT_ADDRESSABLE),
  conn_type: z.string().min(1).max(200),
  description: text,
  host: text,
  login: text,
  schema: text,
  port: z.number().int().min(0).max(65_535).nullish(),
  password: text,
  extra: z
    .string()
    .max(512 * 1024)
    .nullish(),
  team_name: z.null().optional(),
});
type ConnectionBody = z.infer<typeof connectionBody>;
const connectionPath = z.object({ connection_id: z.string().min(1).max(250) });
const ORDERING = {
  fields: {
    id: 'connection_id',
    conn_id: 'connection_id',
    connection_id: 'connection_id',
    conn_type: 'conn_type',
    description: 'description',
    host: 'host',
    port: 'port',
  },
  default: ['id'],
};
const PATCHABLE = ['connection_id', 'conn_type', 'description', 'host', 'login', 'schema', 'port', 'password', 'extra', 'team_name'];

export function connectionRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v2/connections',
      permission: 'op',
      summary: 'List connections.',
      response: adminAnswers.connections,
      query: listQuery({ connection_id_pattern: pattern('connection_id') }, ORDERING),
      async handle({ db, query }) {
        const page = await listConnections(db, query);
        return { connections: page.rows.map((row) => connectionShape(deps, row)), total_entries: page.total };
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/connections/:connection_id',
      permission: 'op',
      summary: 'One connection.',
      response: adminAnswers.connection,
      params: connectionPath,
      handle: async ({ db, params }) => connectionShape(deps, await requireRow(db, params.connection_id)),
    }),
    route({
      method: 'POST',
      url: '/api/v2/connections',
      permission: 'op',
      audit: 'connection.create',
      status: 201,
      summary: 'Create a connection.',
      response: adminAnswers.connection,
      body: connectionBody,
      async handle({ db, body, audit }) {
        if (!(await createConnection(deps, db, body)))
          throw new ProblemError(uniqueViolation(`There is a connection '${body.connection_id}' already. Change it with PATCH.`));
        audit({ extra: { connection_id: body.connection_id, conn_type: body.conn_type } });
        return connectionShape(deps, await requireRow(db, body.connection_id));
      },
    }),
    route({
      method: 'POST',
      url: '/api/v2/connections/test',
      permission: 'op',
      audit: 'connection.test',
      summary: 'Try a connection as it is given, from the web server. *** stands for what is stored.',
      response: adminAnswers.connectionFinding,
      rateLimitPerMinute: TESTS_PER_MINUTE,
      body: connectionBody,
      async handle({ db, body, audit }) {
        audit({ extra: { connection_id: body.connection_id, conn_type: body.conn_type } });
        const row = await findConnection(db, body.connection_id);
        return findingOf(deps, await givenConnection(deps, body, row));
      },
    }),
    route({
      method: 'POST',
      url: '/api/v2/connections/:connection_id/test',
      permission: 'op',
      audit: 'connection.test',
      summary: 'Try a connection as tasks get it, wherever it stands, from the web server.',
      response: adminAnswers.connectionFinding,
      rateLimitPerMinute: TESTS_PER_MINUTE,
      params: connectionPath,
      async handle({ params, audit }) {
        audit({ extra: { connection_id: params.connection_id } });
        return findingOf(deps, await requireConnection(deps.secrets, params.connection_id));
      },
    }),
    route({
      method: 'PATCH',
      url: '/api/v2/connections/:connection_id',
      permission: 'op',
      audit: 'connection.update',
      summary: 'Change a connection. *** leaves a secret as it is.',
      response: adminAnswers.connection,
      params: connectionPath,
      query: updateMaskQuery,
      body: connectionBody,
      async handle({ db, params, query, body, audit }) {
        const fields = maskedFields(query.update_mask, body, PATCHABLE);
        if (body.connection_id !== params.connection_id)
          throw new AppError('BAD_REQUEST', 'The connection_id in the request body does not match the URL parameter');
        await changeConnection(deps, db, body, fields);
        audit({ extra: { connection_id: body.connection_id, fields: [...fields] } });
        return connectionShape(deps, await requireRow(db, body.connection_id));
      },
    }),
    route({
      method: 'DELETE',
      url: '/api/v2/connections/:connection_id',
      permission: 'op',
      audit: 'connection.delete',
      status: 204,
      summary: 'Delete a connection.',
      params: connectionPath,
      async handle({ db, params, audit }) {
        if (!(await deleteConnection(db, params.connection_id))) throw connectionNotFound(params.connection_id);
        audit({ extra: { connection_id: params.connection_id } });
      },
    }),
    route({
      method: 'PATCH',
      url: '/api/v2/connections',
      permission: 'op',
      audit: 'connection.bulk',
      summary: 'Create, change and delete many connections.',
      response: runAnswers.bulkResult,
      body: bulkBody<ConnectionBody>(connectionBody as unknown as z.ZodType<ConnectionBody>),
      async handle({ db, body, audit }) {
        const result = await runBulk(body, connectionOperations(deps, db));
        audit({ extra: { actions: body.actions.map((action) => `${action.action} ${action.entities.length}`) } });
        return result;
      },
    }),
  ];
}

const TESTS_PER_MINUTE = 30;

async function findingOf({ clock }: WebDeps, connection: Connection): Promise<{ status: boolean; message: string }> {
  const { ok, message } = await testConnection(connection, clock);
  return { status: ok, message };
}

/** As it is written in the form: what is hidden there comes from the stored one. */
async function givenConnection(deps: WebDeps, body: ConnectionBody, row: ConnectionRow | null): Promise<Connection> {
  const stored: ConnectionSecret = row === null ? { password: null, extra: null } : secretOf(deps, row);
  const extra = restoredExtra(checkedExtra(body.extra), stored.extra);
  const connection = {
    id: body.connection_id,
    type: body.conn_type,
    host: body.host || null,
    port: body.port ?? null,
    login: body.login || null,
    password: body.password === HIDDEN ? stored.password : body.password || null,
    schema: body.schema || null,
    extra: extra === null ? {} : (JSON.parse(extra) as Record<string, unknown>),
  };
  return withGoogleKey(connection, deps.config.googleCredentials.reveal());
}

function connectionOperations(deps: WebDeps, db: Queryable): BulkOperations<ConnectionBody> {
  return {
    noun: 'connections',
    keyOf: (connection) => connection.connection_id,
    async existing(keys) {
      const filters = [{ field: 'connection_id', operator: 'any' as const, value: keys }];
      const page = await listConnections(db, { filters, orderBy: [], limit: keys.length, offset: 0 });
      return new Set(page.rows.map((row) => row.connection_id));
    },
    create: async (connection) => {
      await createConnection(deps, db, connection);
    },
    update: (connection, mask) => changeConnection(deps, db, connection, mask ?? new Set(PATCHABLE)),
    remove: async (id) => {
      if (!(await deleteConnection(db, id))) throw connectionNotFound(id);
    },
  };
}

function createConnection(deps: WebDeps, db: Queryable, body: ConnectionBody): Promise<boolean> {
  const secret = { password: body.password || null, extra: checkedExtra(body.extra) };
  return saveConnection(db, rowOf(deps, body, secret), 'insert');
}

async function changeConnection(deps: WebDeps, db: Queryable, body: ConnectionBody, fields: ReadonlySet<string>): Promise<void> {
  const row = await requireRow(db, body.connection_id);
  const stored = secretOf(deps, row);
  const pick = <T>(name: keyof ConnectionBody, old: T): T => (fields.has(name) ? ((body[name] ?? null) as T) : old);
  const secret: ConnectionSecret = {
    password: body.password === HIDDEN ? stored.password : pick('password', stored.password) || null,
    extra: fields.has('extra') ? restoredExtra(checkedExtra(body.extra), stored.extra) : stored.extra,
  };
  const changed: ConnectionBody = {
    connection_id: body.connection_id,
    conn_type: fields.has('conn_type') ? body.conn_type : row.conn_type,
    description: pick('description', row.description),
    host: pick('host', row.host),
    login: pick('login', row.login),
    schema: pick('schema', row.schema),
    port: pick('port', row.port),
  };
  await saveConnection(db, rowOf(deps, changed, secret), 'replace');
}

function rowOf(deps: WebDeps, body: ConnectionBody, secret: ConnectionSecret): ConnectionRow {
  return {
    connection_id: body.connection_id,
    conn_type: body.conn_type,
    description: body.description ?? null,
    host: body.host ?? null,
    port: body.port ?? null,
    login: body.login ?? null,
    schema: body.schema ?? null,
    secret: sealConnectionSecret(deps.secrets.envelope, body.connection_id, secret),
  };
}

/** As Airflow: extra is a JSON object, as text, or absent. */
function checkedExtra(extra: string | null | undefined): string | null {
  if (extra === null || extra === undefined || extra.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(extra);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return extra;
  } catch {
    // Falls through: the parser's message would quote the text.
  }
  throw invalidField(['body', 'extra'], 'Encountered non-JSON in `extra` field. Write a JSON object, for example {"sslmode": "require"}');
}

function restoredExtra(given: string | null, stored: string | null): string | null {
  if (given === null || !given.includes(HIDDEN)) return given;
  return JSON.stringify(restoreHidden(JSON.parse(given), stored === null ? {} : JSON.parse(stored)));
}

function secretOf(deps: WebDeps, row: ConnectionRow): ConnectionSecret {
  return row.secret === null ? { password: null, extra: null } : openConnectionSecret(deps.secrets.envelope, row.connection_id, row.secret);
}

function connectionShape(deps: WebDeps, row: ConnectionRow) {
  const secret = secretOf(deps, row);
  return {
    connection_id: row.connection_id,
    conn_type: row.conn_type,
    description: row.description,
    host: row.host,
    login: row.login,
    schema: row.schema,
    port: row.port,
    password: secret.password === null ? null : HIDDEN,
    extra: redactJsonText(secret.extra),
    team_name: null,
  };
}

async function requireRow(db: Queryable, id: string): Promise<ConnectionRow> {
  const row = await findConnection(db, id);
  if (row === null) throw connectionNotFound(id);
  return row;
}

function connectionNotFound(id: string): AppError {
  return new AppError('NOT_FOUND', `The Connection with connection_id: \`${id}\` was not found`);
}
