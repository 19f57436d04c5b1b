/** One way to talk to a server of ours: JSON in, JSON out, failures as ApiError with the server's own words. */

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** How an app puts failures of its server in words. */
export interface ServerWords {
  /** Nobody answered. */
  readonly notReached: string;
  /** It refused or failed; `body` is its parsed answer, null if that was no JSON. */
  readonly refused: (status: number, body: unknown) => string;
}

export type JsonRequest = <T>(method: string, path: string, body?: unknown, signal?: AbortSignal) => Promise<T>;

/** Gives a function that sends a request and gives the parsed answer. It throws ApiError; status 0 means the server was not reached. */
export function jsonRequest(words: ServerWords): JsonRequest {
  return async <T>(method: string, path: string, body?: unknown, signal?: AbortSignal) => {
    const response = await reach(words, path, requestOf(method, body, signal));
    const parsed = await readBody(response);
    if (!response.ok) throw new ApiError(response.status, words.refused(response.status, parsed));
    return parsed as T;
  };
}

function requestOf(method: string, body: unknown, signal: AbortSignal | undefined): RequestInit {
  const sent = body === undefined ? {} : { 'content-type': 'application/json' };
  return {
    method,
    credentials: 'same-origin',
    headers: { accept: 'application/json', ...sent },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  };
}

async function reach(words: ServerWords, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    // Whoever asked has gone away: no failure.
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, words.notReached);
  }
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

/** Builds `?a=1&b=2` of what is set; '' when nothing is. */
export function queryString(values: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
