/** How this app asks the web server, and puts its failures in words. */
import { jsonRequest } from '#ui-kit/json-request.ts';

interface FieldProblem {
  readonly loc?: readonly (string | number)[];
  readonly msg?: string;
}

export const request = jsonRequest({ notReached: 'The web server does not answer. Is it running?', refused: messageOf });

/** The server answers {detail}: a text, a list of field problems, or {message}. */
function messageOf(status: number, body: unknown): string {
  const detail = (body as { detail?: unknown } | null)?.detail;
  if (typeof detail === 'string') return detail;
  if (Array.isArray(detail)) return (detail as FieldProblem[]).map(problemText).join(' ');
  const message = (detail as { message?: unknown } | undefined)?.message;
  if (typeof message === 'string') return message;
  if (status === 401) return 'You are logged out. Log in again.';
  if (status === 403) return 'Your role may not do this. Ask an admin for a higher role.';
  return `The web server answered ${status}. Look at its log for the reason.`;
}

function problemText({ loc = [], msg = 'is not valid' }: FieldProblem): string {
  const field = loc.filter((part) => part !== 'body').join('.');
  return field === '' ? `${msg}.` : `${field}: ${msg}.`;
}
