/** Slack: an incoming webhook. */
import { type CallbackEvent, type Connection, defineNotifier, Fatal } from '#sdk/index.ts';
import { post } from './post.ts';

export interface SlackFields {
  /**
   * An incoming webhook, as in Airflow: host `https://hooks.slack.com/services` and the rest of the address as password, or the whole
   * address as password or host.
   */
  readonly connection: string;
  /** Slack's mrkdwn; default: what happened, with a link. */
  readonly text?: string;
  /** Block Kit blocks, instead of the text (which is then shown in notifications). */
  readonly blocks?: readonly object[];
  /** Only where the webhook allows it. */
  readonly channel?: string;
  readonly username?: string;
}

export const slack = defineNotifier<SlackFields>({
  name: 'slack',
  templateFields: ['text', 'blocks', 'channel', 'username'],
  check: (fields) => {
    if (typeof fields.connection !== 'string') throw new Error('it needs a connection that holds the incoming webhook');
  },
  send: async ({ connection, text, blocks, channel, username }, event) => {
    const url = addressOf(await event.ctx.conn(connection));
    const body = { text: text ?? describe(event), blocks, channel, username };
    await post({ what: 'Slack', url, body, signal: event.ctx.signal });
    event.ctx.log.info('sent to Slack');
  },
});

function addressOf({ id, host, password }: Connection): string {
  if (password?.includes('://')) return password;
  const base = host ?? 'https://hooks.slack.com/services';
  if (password === null || password === '') {
    if (base.includes('://')) return base;
    throw new Fatal(`The connection ${id} holds no webhook: put its address into the password.`);
  }
  return `${base.includes('://') ? base : `https://${base}`}/${password}`.replaceAll(/(?<!:)\/{2,}/g, '/');
}

const MARKS: Readonly<Record<CallbackEvent['reason'], string>> = {
  success: ':white_check_mark:',
  task_failure: ':red_circle:',
  timed_out: ':red_circle:',
  retry: ':large_yellow_circle:',
  skipped: ':fast_forward:',
  deadline_missed: ':alarm_clock:',
  required_action: ':raised_hand:',
};

function describe({ reason, message, task, url, request, ctx }: CallbackEvent): string {
  const what = `${ctx.run.dagId}${task === null ? '' : `.${task.id}`}`;
  const said = request?.subject ?? message ?? reason.replaceAll('_', ' ');
  return `${MARKS[reason]} *<${url}|${escaped(what)}>* ${escaped(said)}\n${escaped(ctx.run.id)}`;
}

/** Slack's three control characters. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
