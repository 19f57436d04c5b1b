/** E-mail over SMTP. */
import type { SendMailOptions } from 'nodemailer';
import { type CallbackEvent, type Connection, defineNotifier, Fatal } from '#sdk/index.ts';

export interface EmailFields {
  /** SMTP: host, port (465 = TLS from the start), login, password; extra.from, extra.tls = false for a server without. Default "smtp_default". */
  readonly connection?: string;
  readonly to: string | readonly string[];
  readonly cc?: string | readonly string[];
  readonly bcc?: string | readonly string[];
  /** Default: extra.from of the connection, else its login. */
  readonly from?: string;
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
}

const TIMEOUT_MS = 30_000;
const TLS_PORT = 465;

export const email = defineNotifier<EmailFields>({
  name: 'email',
  templateFields: ['to', 'cc', 'bcc', 'from', 'subject', 'text', 'html'],
  check: (fields) => {
    if (listOf(fields.to).length === 0) throw new Error('it needs somebody to send it to, like { to: "team@example.com" }');
  },
  send: async (fields, event) => {
    const connection = await event.ctx.conn(fields.connection ?? 'smtp_default');
    const from = fields.from ?? (connection.extra['from'] as string | undefined) ?? connection.login;
    if (!from) throw new Fatal(`An e-mail needs a sender: give the notifier a from, or the connection ${connection.id} extra.from.`);
    const sent = await send(connection, {
      from,
      to: listOf(fields.to),
      cc: listOf(fields.cc),
      bcc: listOf(fields.bcc),
      subject: (fields.subject ?? subjectOf(event)).replaceAll(/[\r\n]+/g, ' '),
      text: fields.text ?? textOf(event),
      ...(fields.html === undefined ? {} : { html: fields.html }),
      // The same for every try of this call: a mail that arrives twice can be told.
      messageId: `<${event.ctx.idempotencyKey}@windlass>`,
    });
    event.ctx.log.info(`sent to ${sent.accepted.join(', ')}`);
  },
});

/** Rejects with what the server said; one that refuses the message or the login for good is Fatal. */
async function send({ id, host, port, login, password, extra }: Connection, mail: SendMailOptions) {
  if (host === null) throw new Fatal(`The connection ${id} has no host: that of the SMTP server.`);
  // Loaded when the first mail is sent: reading a DAG file needs none of it.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port: port ?? (extra['tls'] === false ? 25 : 587),
    secure: port === TLS_PORT,
    ignoreTLS: extra['tls'] === false,
    requireTLS: extra['tls'] === true,
    ...(login && password ? { auth: { user: login, pass: password } } : {}),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    return await transport.sendMail(mail);
  } catch (error) {
    const { message, responseCode = 0, code } = error as Error & { responseCode?: number; code?: string };
    const text = `the mail server ${host} refused the message: ${message}`;
    throw (responseCode >= 500 && responseCode < 600) || code === 'EAUTH' ? new Fatal(text) : new Error(text, { cause: error });
  } finally {
    transport.close();
  }
}

function listOf(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return (typeof value === 'string' ? value.split(/[,;]/) : [...value]).map((one) => one.trim()).filter((one) => one !== '');
}

function subjectOf({ reason, task, request, ctx }: CallbackEvent): string {
  const what = `${ctx.run.dagId}${task === null ? '' : `.${task.id}`}`;
  return request === null ? `Windlass: ${what} ${reason.replaceAll('_', ' ')}` : `Windlass: ${what} asks: ${request.subject}`;
}

function textOf({ message, error, task, url, at, request, deadline, ctx }: CallbackEvent): string {
  const lines = [
    request === null ? null : `${request.subject}\n${request.body ?? ''}\nOptions: ${request.options.join(', ')}`,
    message,
    error === null ? null : `${error.name}: ${error.message}`,
    deadline === null ? null : `Deadline: ${deadline.name} (${deadline.due.toISOString()})`,
    `DAG: ${ctx.run.dagId}\nRun: ${ctx.run.id}${task === null ? '' : `\nTask: ${task.id}, try ${task.attempt}`}\nAt: ${at.toISOString()}`,
    url,
  ];
  return lines.filter((line) => line !== null).join('\n\n');
}
