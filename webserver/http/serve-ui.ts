/**
 * Serves the built React app. Not a route: it answers what no route took, so that pages (which hold no data)
 * need no login, and a new API path is never shadowed by it.
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemText } from './problem.ts';

const DIST = fileURLToPath(new URL('../ui/dist', import.meta.url));
/** Paths of the API never fall back to a page. */
const API_PATH = /^\/(api|ui\/api|auth|execution)(\/|$)/;
/** Vite writes a hash into the names under assets/: such a file never changes. Without a dot it is the page of an asset. */
const HASHED_ASSET = /^\/assets\/[A-Za-z0-9_-][A-Za-z0-9._-]*\.[a-z0-9]+$/;
const ROOT_FILE = /^\/[A-Za-z0-9_-]+\.(svg|png|ico|webmanifest|txt)$/;

const NOT_BUILT = `<!doctype html><html lang="en"><title>Windlass</title>
<h1>The pages are not built yet</h1><p>The API works. Build the pages with <code>npm run build:ui</code>, then reload.</p></html>`;

export async function serveUi(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, { root: DIST, serve: false, cacheControl: false });
  app.setNotFoundHandler((request, reply) => answer(request, reply));
}

function answer(request: FastifyRequest, reply: FastifyReply): unknown {
  const path = request.url.split('?')[0] ?? '/';
  if (API_PATH.test(path) || !['GET', 'HEAD'].includes(request.method)) {
    return reply
      .code(404)
      .type('application/json')
      .send(problemText({ status: 404, detail: 'Not Found' }));
  }
  if (HASHED_ASSET.test(path)) {
    if (!existsSync(`${DIST}${path}`)) return reply.code(404).type('text/plain').send('Not Found');
    return reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(path.slice(1));
  }
  if (ROOT_FILE.test(path) && existsSync(`${DIST}${path}`))
    return reply.header('cache-control', 'public, max-age=3600').sendFile(path.slice(1));
  reply.header('cache-control', 'no-cache');
  if (!existsSync(`${DIST}/index.html`)) return reply.type('text/html').send(NOT_BUILT);
  return reply.sendFile('index.html');
}
