/** One POST of JSON; a bad answer throws, so that the callback is tried again. No URL that may hold a secret is shown. */
import { Fatal } from '#sdk/index.ts';

const TIMEOUT_MS = 30_000;
const SHOWN_CHARS = 300;

export interface Post {
  /** "Slack", "webhook": names the receiver in errors. */
  readonly what: string;
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

/** A refusal (4xx other than 408 and 429) is Fatal: the same message would be refused again. */
export async function post({ what, url, method = 'POST', headers = {}, body, signal }: Post): Promise<void> {
  if (!URL.canParse(url)) throw new Fatal(`${what}: the address is no URL. Give the connection a host, or the notifier a url.`);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    text = (await response.text()).slice(0, SHOWN_CHARS);
  } catch (cause) {
    throw new Error(`${what} at ${new URL(url).host} cannot be reached: ${reasonOf(cause)}`, { cause });
  }
  if (response.ok) return;
  const message = `${what} at ${new URL(url).host} refused the message with status ${response.status}: ${text}`;
  const isFinal = response.status < 500 && response.status !== 408 && response.status !== 429;
  throw isFinal ? new Fatal(message) : new Error(message);
}

/** fetch hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || message || String(error);
}
