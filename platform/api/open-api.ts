/** An OpenAPI 3.1 document from declared routes: for the web server's and the monitor's own. */
import { z } from 'zod';
import { WINDLASS_VERSION } from '../version.ts';
import { problemSchema } from './problem.ts';

export interface DescribedRoute {
  readonly method: string;
  /** Fastify's form, with `:name`. */
  readonly url: string;
  readonly summary: string;
  /** Shown as `x-permission`; "public" needs no login. */
  readonly permission: string;
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
  readonly status?: number | undefined;
  readonly response?: z.ZodType | undefined;
  /** Media type -> what it is, for answers that are no JSON. */
  readonly alternatives?: Readonly<Record<string, string>> | undefined;
  /** Of a success whose status is not always the same. */
  readonly otherStatuses?: readonly number[] | undefined;
}

export interface ApiAbout {
  readonly title: string;
  readonly description: string;
  /** Media type of a refusal. */
  readonly problems: string;
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
const PROBLEM = { $ref: '#/components/schemas/Problem' };

export function openApiDocument(about: ApiAbout, routes: readonly DescribedRoute[]): object {
  const answers = namedSchemas(routes);
  const paths: Record<string, Record<string, object>> = {};
  for (const each of routes) {
    const path = each.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: operation(about, each, answers.of(each)) };
  }
  return {
    openapi: '3.1.0',
    info: { title: about.title, version: WINDLASS_VERSION, description: about.description },
    paths,
    components: { schemas: answers.components, securitySchemes: { HTTPBearer: { type: 'http', scheme: 'bearer' } } },
  };
}

const keyOf = (each: DescribedRoute) => `${each.method} ${each.url}`;

/** All answers in one go, so that a schema with a name is written once and referred to from everywhere. */
function namedSchemas(routes: readonly DescribedRoute[]) {
  const given = routes.flatMap((each) => (each.response ? [[keyOf(each), each.response] as const] : []));
  const whole = z.toJSONSchema(z.object({ ...Object.fromEntries(given), problem: problemSchema }), {
    io: 'output',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
  const { properties, $defs } = JSON.parse(JSON.stringify(whole).replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    properties: Record<string, object>;
    $defs: Record<string, object>;
  };
  return { components: $defs, of: (each: DescribedRoute): object | undefined => properties[keyOf(each)] };
}

function operation(about: ApiAbout, each: DescribedRoute, answer: object | undefined): object {
  const others = Object.entries(each.alternatives ?? {}).map(([type, text]) => [type, { schema: { type: 'string', description: text } }]);
  const content = { ...(answer && { 'application/json': { schema: answer } }), ...Object.fromEntries(others) };
  const success = { description: 'Success', ...(Object.keys(content).length > 0 && { content }) };
  const statuses = [each.status ?? 200, ...(each.otherStatuses ?? [])];
  return {
    summary: each.summary,
    tags: [each.url.split('/').find((part) => part !== '' && !part.startsWith(':') && !/^(api|v\d)$/.test(part)) ?? 'api'],
    ...(each.permission !== 'public' && { security: [{ HTTPBearer: [] }], 'x-permission': each.permission }),
    parameters: [...parametersOf(each.params, 'path'), ...parametersOf(each.query, 'query')],
    ...(each.body && { requestBody: { required: true, content: { 'application/json': { schema: inputOf(each.body) } } } }),
    responses: { ...Object.fromEntries(statuses.map((status) => [status, success])), ...refusalsOf(about, each) },
  };
}

function refusalsOf(about: ApiAbout, { body, permission, url }: DescribedRoute): object {
  const statuses = Object.keys(REFUSALS)
    .map(Number)
    .filter((status) => (body !== undefined || !OF_BODIES.includes(status)) && (permission !== 'public' || status !== 403));
  const isMissable = /:/.test(url);
  return Object.fromEntries(
    statuses
      .filter((status) => isMissable || (status === 404 && body !== undefined) || !OF_PARAMETERS.includes(status))
      .map((status) => [status, { description: REFUSALS[status], content: { [about.problems]: { schema: PROBLEM } } }]),
  );
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): object[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = inputOf(schema) as ObjectSchema;
  return Object.entries(properties).map(([name, inner]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: inner,
  }));
}

function inputOf(schema: z.ZodType): object {
  const { $schema: _dialect, ...document } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return document;
}
