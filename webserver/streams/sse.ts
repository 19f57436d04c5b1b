/** One open stream of server-sent events. */
import type { FastifyReply } from 'fastify';
import type { Clock, Timer } from '#platform/clock.ts';

/** Keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;
/** A reader this far behind is dropped; its browser connects again and catches up. */
const BACKLOG_MAX_BYTES = 4 * 1024 * 1024;

export interface SseStream {
  /** Aborted when the reader went away or the stream was closed. */
  readonly signal: AbortSignal;
  send(event: string, data: unknown): void;
  close(): void;
}

export interface SseOptions {
  readonly clock: Clock;
  /** Asked with each heartbeat: false ends the stream (the session is over). */
  readonly isStillAllowed: () => Promise<boolean>;
}

/** Takes the reply over. The route must not send anything itself. */
export function openSse(reply: FastifyReply, options: SseOptions): SseStream {
  const ended = new AbortController();
  const { raw } = reply;
  reply.hijack();
  const headers = {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  };
  raw.writeHead(200, headers as Record<string, string>);
  raw.write('retry: 2000\n\n');
  let timer: Timer | null = null;

  const close = () => {
    if (ended.signal.aborted) return;
    ended.abort();
    timer?.cancel();
    raw.end();
  };
  const write = (text: string) => {
    if (ended.signal.aborted) return;
    if (raw.writableLength > BACKLOG_MAX_BYTES) close();
    else raw.write(text);
  };
  const beat = () => {
    timer = options.clock.after(HEARTBEAT_MS, () => {
      write(': heartbeat\n\n');
      options.isStillAllowed().then(
        (isAllowed) => (isAllowed ? beat() : close()),
        // Postgres away is no reason to drop everybody; the next heartbeat asks again.
        () => beat(),
      );
    });
  };
  raw.on('close', close);
  raw.on('error', close);
  beat();
  return {
    signal: ended.signal,
    send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    close,
  };
}
