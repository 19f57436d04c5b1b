import type { FastifyInstance } from 'fastify';
import { AppError } from '#core/errors.ts';
import type { Clock, Timer } from '#platform/clock.ts';
import type { MonitorChange } from '../api/types.ts';
import type { UiEvents } from '../ui-events.ts';

/** Proxies close a connection that says nothing for a minute. */
const KEEP_ALIVE_MS = 20_000;
const RECONNECT_MS = 1_000;
const MAX_STREAMS = 500;
/** A browser that takes nothing off the line for this long is closed; it comes back by itself. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/** GET /api/v1/stream: server-sent events, `change` with the topics that changed. Returns how to end all streams. */
export function addStreamRoute(app: FastifyInstance, clock: Clock, events: UiEvents): () => void {
  const open = new Set<() => void>();

  app.get('/api/v1/stream', (request, reply) => {
    if (open.size >= MAX_STREAMS)
      throw new AppError('TOO_MANY_REQUESTS', `${MAX_STREAMS} pages are open already. Close some; this page polls meanwhile.`);
    const response = reply.hijack().raw;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    const say = (text: string) => {
      response.write(text);
      if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy();
    };
    let keepAlive: Timer;
    const keep = () => {
      say(': still here\n\n');
      keepAlive = clock.after(KEEP_ALIVE_MS, keep);
    };
    const unsubscribe = events.subscribe((topics) => say(`event: change\ndata: ${JSON.stringify({ topics } satisfies MonitorChange)}\n\n`));
    const end = () => {
      keepAlive.cancel();
      unsubscribe();
      open.delete(end);
      response.end();
    };
    open.add(end);
    request.raw.on('close', end);
    response.on('error', end);
    say(`retry: ${RECONNECT_MS}\n`);
    keep();
  });

  return () => {
    for (const end of [...open]) end();
  };
}
