/** /variables: values that tasks read. Stored encrypted; those with a telling name never come back. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import { deleteVariable } from '#platform/db/queries/secrets/delete-variable.ts';
import { findVariable, type VariableRow } from '#platform/db/queries/secrets/find-variable.ts';
import { listVariables } from '#platform/db/queries/secrets/list-variables.ts';
import { saveVariable } from '#platform/db/queries/secrets/save-variable.ts';
import { variablePlace } from '#platform/secrets/envelope.ts';
import { listQuery, pattern } from '../http/list-query-schema.ts';
import { ProblemError, uniqueViolation } from '../http/problem.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import { invalidField } from '../http/validation.ts';
import * as adminAnswers from './answers/admin.ts';
import * as runAnswers from './answers/runs.ts';
import { type BulkOperations, bulkBody, runBulk } from './bulk.ts';
import { isAddressable, NOT_ADDRESSABLE } from './path-ids.ts';
import { HIDDEN, isTellingName } from './redact.ts';
import { maskedFields, updateMaskQuery } from './update-mask.ts';

const VALUE_MAX_CHARS = 512 * 1024;

const variableBody = z.strictObject({
  key: z.string().min(1).max(250).refine(isAddressable, NOT_ADDRESSABLE),
  value: z.unknown(),
  description: z.string().max(5_000).nullish(),
  team_name: z.null().optional(),
});
type VariableBody = z.infer<typeof variableBody>;
const variablePath = z.object({ variable_key: z.string().min(1).max(250) });
const ORDERING = { fields: { id: 'key', key: 'key', description: 'description' }, default: ['id'] };
const PATCHABLE = ['key', 'value', 'description', 'team_name'];

export function variableRoutes(deps: WebDeps): readonly Route[] {
  const shape = (row: VariableRow) => ({
    key: row.key,
    value: isTellingName(row.key) ? HIDDEN : deps.secrets.envelope.open(variablePlace(row.key), row.value),
    description: row.description,
    is_encrypted: true,
    team_name: null,
  });
  return [
    route({
      method: 'GET',
      url: '/api/v2/variables',
      permission: 'op',
      summary: 'List variables.',
      response: adminAnswers.variables,
      query: listQuery({ variable_key_pattern: pattern('key') }, ORDERING),
      async handle({ db, query }) {
        const page = await listVariables(db, query);
        return { variables: page.rows.map(shape), total_entries: page.total };
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/variables/:variable_key',
      permission: 'op',
      summary: 'One variable.',
      response: adminAnswers.variable,
      params: variablePath,
      handle: async ({ db, params }) => shape(await requireVariable(db, params.variable_key)),
    }),
    route({
      method: 'POST',
      url: '/api/v2/variables',
      permission: 'op',
      audit: 'variable.create',
      status: 201,
      summary: 'Create a variable.',
      response: adminAnswers.variable,
      body: variableBody,
      async handle({ db, body, audit }) {
        if (!(await saveVariable(db, rowOf(deps, body), 'insert')))
          throw new ProblemError(uniqueViolation(`There is a variable '${body.key}' already. Change it with PATCH.`));
        audit({ extra: { key: body.key } });
        return shape(await requireVariable(db, body.key));
      },
    }),
    route({
      method: 'PATCH',
      url: '/api/v2/variables/:variable_key',
      permission: 'op',
      audit: 'variable.update',
      summary: 'Change a variable. *** as value leaves the value as it is.',
      response: adminAnswers.variable,
      params: variablePath,
      query: updateMaskQuery,
      body: variableBody,
      async handle({ db, params, query, body, audit }) {
        const fields = maskedFields(query.update_mask, body, PATCHABLE);
        if (body.key !== params.variable_key)
          throw new AppError('BAD_REQUEST', "Invalid body, key from request body doesn't match uri parameter");
        await changeVariable(deps, db, body, fields);
        audit({ extra: { key: body.key, fields: [...fields] } });
        return shape(await requireVariable(db, body.key));
      },
    }),
    route({
      method: 'DELETE',
      url: '/api/v2/variables/:variable_key',
      permission: 'op',
      audit: 'variable.delete',
      status: 204,
      summary: 'Delete a variable.',
      params: variablePath,
      async handle({ db, params, audit }) {
        if (!(await deleteVariable(db, params.variable_key))) throw variableNotFound(params.variable_key);
        audit({ extra: { key: params.variable_key } });
      },
    }),
    route({
      method: 'PATCH',
      url: '/api/v2/variables',
      permission: 'op',
      audit: 'variable.bulk',
      summary: 'Create, change and delete many variables.',
      response: runAnswers.bulkResult,
      body: bulkBody<VariableBody>(variableBody as unknown as z.ZodType<VariableBody>),
      async handle({ db, body, audit }) {
        const result = await runBulk(body, variableOperations(deps, db));
        audit({ extra: { actions: body.actions.map((action) => `${action.action} ${action.entities.length}`) } });
        return result;
      },
    }),
  ];
}

function variableOperations(deps: WebDeps, db: Queryable): BulkOperations<VariableBody> {
  return {
    noun: 'variables',
    keyOf: (variable) => variable.key,
    async existing(keys) {
      const filters = [{ field: 'key', operator: 'any' as const, value: keys }];
      const page = await listVariables(db, { filters, orderBy: [], limit: keys.length, offset: 0 });
      return new Set(page.rows.map((row) => row.key));
    },
    create: async (variable) => {
      await saveVariable(db, rowOf(deps, variable), 'insert');
    },
    update: (variable, mask) => changeVariable(deps, db, variable, mask ?? new Set(PATCHABLE)),
    remove: async (key) => {
      if (!(await deleteVariable(db, key))) throw variableNotFound(key);
    },
  };
}

async function changeVariable(deps: WebDeps, db: Queryable, body: VariableBody, fields: ReadonlySet<string>): Promise<void> {
  const stored = await requireVariable(db, body.key);
  const keepsValue = !fields.has('value') || body.value === HIDDEN;
  const value = keepsValue ? stored.value : rowOf(deps, body).value;
  const description = fields.has('description') ? (body.description ?? null) : stored.description;
  await saveVariable(db, { key: body.key, value, description }, 'replace');
}

/** As Airflow: text is kept as it is, any other JSON value as its JSON text. */
function rowOf(deps: WebDeps, body: VariableBody): VariableRow {
  if (body.value === undefined) throw invalidField(['body', 'value'], 'Field required');
  const text = typeof body.value === 'string' ? body.value : JSON.stringify(body.value);
  if (text.length > VALUE_MAX_CHARS) throw invalidField(['body', 'value'], `A value has at most ${VALUE_MAX_CHARS} characters`);
  return { key: body.key, value: deps.secrets.envelope.seal(variablePlace(body.key), text), description: body.description ?? null };
}

async function requireVariable(db: Queryable, key: string): Promise<VariableRow> {
  const row = await findVariable(db, key);
  if (row === null) throw variableNotFound(key);
  return row;
}

function variableNotFound(key: string): AppError {
  return new AppError('NOT_FOUND', `The Variable with key: \`${key}\` was not found`);
}
