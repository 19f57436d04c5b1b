/** Serves the built React app; every path that is no file and no API is a page of it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { AppError } from '#core/errors.ts';
import { sendProblem } from './problems.ts';

const BUILT_FOLDER = fileURLToPath(new URL('../ui/dist/', import.meta.url));
const NOT_BUILT = `<!doctype html><title>Windlass monitor</title>
<p style="font: 16px/1.5 system-ui; margin: 3rem">The monitor's pages are not built. Run: <code>npm run build:ui</code>. The API works: <a href="/healthz">/healthz</a></p>`;

/** Scripts, styles and pictures are ours alone; nothing is loaded from elsewhere and nobody may frame us. */
const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** Adds the static files, the fallback to the app's one page, and the headers of every answer. */
export async function addPages(app: FastifyInstance, folder: string = BUILT_FOLDER): Promise<void> {
  app.addHook('onSend', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });

  const isBuilt = existsSync(join(folder, 'index.html'));
  const sendApp = (reply: FastifyReply) =>
    isBuilt ? reply.header('cache-control', 'no-cache').sendFile('index.html') : reply.type('text/html').send(NOT_BUILT);
  if (isBuilt)
    await app.register(fastifyStatic, {
      root: folder,
      index: false,
      setHeaders: (reply, path) => {
        // Built files carry a hash of their content in the name.
        reply.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  app.get('/', (_request, reply) => sendApp(reply));

  app.setNotFoundHandler((request, reply) => {
    const isPage = request.method === 'GET' && !request.url.startsWith('/api/') && !request.url.startsWith('/assets/');
    if (!isPage)
      return sendProblem(
        new AppError('NOT_FOUND', `There is no ${request.method} ${request.url} here. Begin at GET /api/v1/overview.`),
        request,
        reply,
      );
    return sendApp(reply);
  });
}
