/** Any HTTP receiver. */
import { type CallbackEvent, type Connection, defineNotifier, Fatal } from '#sdk/index.ts';
import { post } from './post.ts';

export interface WebhookFields {
  /** Its host (a whole URL, or a host with schema https), password (a bearer token) and extra.headers are used. */
  readonly connection?: string;
  /** Instead of a connection, or a path on it. */
  readonly url?: string;
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; default: what happened, with dagId, runId, taskId, reason, message, error and url. */
  readonly body?: unknown;
}

export const webhook = defineNotifier<WebhookFields>({
  name: 'webhook',
  templateFields: ['url', 'headers', 'body'],
  check: (fields) => {
    if (fields.connection === undefined && fields.url === undefined) throw new Error('it needs a connection or a url');
  },
  send: async (fields, event) => {
    const connection = fields.connection === undefined ? null : await event.ctx.conn(fields.connection);
    const headers = {
      ...(connection?.password ? { authorization: `Bearer ${connection.password}` } : {}),
      ...(connection?.extra['headers'] as Record<string, string> | undefined),
      // A call that is made twice can be told by its key.
      'idempotency-key': event.ctx.idempotencyKey,
      ...fields.headers,
    };
    const url = addressOf(connection, fields.url);
    const { method = 'POST', body = describe(event) } = fields;
    await post({ what: 'the webhook', url, method, headers, body, signal: event.ctx.signal });
    event.ctx.log.info(`sent to ${new URL(url).host}`);
  },
});

function addressOf(connection: Connection | null, url: string | undefined): string {
  if (connection === null) return url ?? '';
  const base = baseOf(connection);
  if (!URL.canParse(base)) throw new Fatal(`The connection ${connection.id} has no host to send to.`);
  return url === undefined ? base : new URL(url, base).href;
}

/** Airflow's HTTP connections: the host may be a whole URL; else schema, host and port make one. */
export function baseOf({ host, port, schema }: Connection): string {
  if (host === null) return '';
  if (host.includes('://')) return host;
  return `${schema === 'http' ? 'http' : 'https'}://${host}${port === null ? '' : `:${port}`}`;
}

function describe({ reason, message, error, task, url, at, deadline, request, ctx }: CallbackEvent): object {
  return {
    dagId: ctx.run.dagId,
    runId: ctx.run.id,
    taskId: task?.id ?? null,
    mapIndex: task?.mapIndex ?? null,
    attempt: task?.attempt ?? null,
    reason,
    message,
    error: error === null ? null : { name: error.name, message: error.message },
    deadline,
    request,
    url,
    at: at.toISOString(),
  };
}
