/** Notifiers for callbacks, deadlines and questions: `notify.slack({ … })`, `notify.email({ … })`, `notify.webhook({ … })`. */
import { email } from './email.ts';
import { slack } from './slack.ts';
import { webhook } from './webhook.ts';

export type { EmailFields } from './email.ts';
export type { SlackFields } from './slack.ts';
export type { WebhookFields } from './webhook.ts';
export const notify = { email, slack, webhook } as const;
