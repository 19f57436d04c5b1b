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
    responses: { [status]: { description: 'Success' }, 422: { description: 'A field is wrong or missing' } },
  };
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
