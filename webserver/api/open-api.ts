/** GET /openapi.json: the routes as an OpenAPI 3.1 document, made from the same declarations that serve them. */
import { z } from 'zod';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { type Route, route } from '../http/route.ts';

/** The document of the stable routes: the REST API v2 and the login. */
export function openApiRoute(routes: readonly Route[]): Route {
  let document: object | null = null;
  return route({
    method: 'GET',
    url: '/openapi.json',
    permission: 'public',
    summary: 'This API, described.',
    handle() {
      document ??= openApiDocument(routes.filter((each) => /^\/(api\/v2|auth)\//.test(each.url)));
      return document;
    },
  });
}

function openApiDocument(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const each of routes) {
    const path = each.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: operation(each) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Windlass REST API',
      version: WINDLASS_VERSION,
      description: "Airflow's stable REST API v2, as far as Windlass has what it speaks of.",
    },
    paths,
    components: { securitySchemes: { HTTPBearer: { type: 'http', scheme: 'bearer' } } },
  };
}

function operation(each: Route): object {
  const status = String(each.status ?? 200);
  return {
    summary: each.summary,
    tags: [each.url.split('/').find((part) => part !== '' && !part.startsWith(':') && !/^(api|v2)$/.test(part)) ?? 'api'],
    ...(each.permission !== 'public' && { security: [{ HTTPBearer: [] }], 'x-permission': each.permission }),
    parameters: [...parametersOf(each.params, 'path'), ...parametersOf(each.query, 'query')],
    ...(each.body && { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(each.body) } } } }),
    responses: { [status]: { description: 'Success' }, ...refusalsOf(each) },
  };
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'What is asked for cannot be done',
  401: 'No token, or one that is not valid any more',
  403: 'The role of the user does not allow it',
  404: 'There is no such thing, or the user may not see it',
  409: 'It is there already, or its state does not allow it',
  413: 'The body is too large',
  414: 'A part of the path is too long',
  415: 'The content type is not supported here',
  422: 'A field is wrong or missing',
  429: 'Too many requests: try again later',
  503: 'The database cannot be reached right now: try again in a moment',
};
const OF_BODIES = [413, 415];
const OF_PARAMETERS = [404, 414];

/** Every refusal is JSON with a `detail`. */
function refusalsOf({ body, permission, url }: Route): object {
  const statuses = Object.keys(REFUSALS)
    .map(Number)
    .filter((status) => (body !== undefined || !OF_BODIES.includes(status)) && (permission !== 'public' || status !== 403));
  const schema = { type: 'object', required: ['detail'], properties: { detail: {} } };
  const isMissable = /:/.test(url);
  return Object.fromEntries(
    statuses
      .filter((status) => isMissable || (status === 404 && body !== undefined) || !OF_PARAMETERS.includes(status))
      .map((status) => [status, { description: REFUSALS[status], content: { 'application/json': { schema } } }]),
  );
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): object[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema) as ObjectSchema;
  return Object.entries(properties).map(([name, inner]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: inner,
  }));
}

function schemaOf(schema: z.ZodType): object {
  const { $schema: _dialect, ...document } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return document;
}
