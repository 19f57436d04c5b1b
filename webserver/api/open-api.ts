/** GET /openapi.json: the routes as an OpenAPI 3.1 document, made from the same declarations that serve them. */
import { openApiDocument } from '#platform/api/open-api.ts';
import { type Route, route } from '../http/route.ts';

const ABOUT = {
  title: 'Windlass REST API',
  description: "Airflow's stable REST API v2, as far as Windlass has what it speaks of.",
  problems: 'application/json',
};

/** The document of the stable routes: the REST API v2 and the login. */
export function openApiRoute(routes: readonly Route[]): Route {
  let document: object | null = null;
  return route({
    method: 'GET',
    url: '/openapi.json',
    permission: 'public',
    summary: 'This API, described.',
    handle() {
      document ??= openApiDocument(
        ABOUT,
        routes.filter((each) => /^\/(api\/v2|auth)\//.test(each.url)),
      );
      return document;
    },
  });
}
