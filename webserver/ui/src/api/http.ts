/** One way to talk to the web server: JSON in, JSON out, failures as ApiError with the server's own words. */

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

interface FieldProblem {
  readonly loc?: readonly (string | number)[];
  readonly msg?: string;
}

/** Says in words why a request failed. The server answers {detail}: a text, a list of field problems, or {message}. */
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

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Sends a request and gives the parsed answer. Throws ApiError; status 0 means the server was not reached. */
export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } };
  if (body !== undefined) {
    init.headers = { accept: 'application/json', 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  if (signal !== undefined) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The web server does not answer. Is it running?');
  }
  const parsed = await readBody(response);
  if (!response.ok) throw new ApiError(response.status, messageOf(response.status, parsed));
  return parsed as T;
}

/** Builds `?a=1&b=2` of what is set; '' when nothing is. */
export function queryString(values: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
