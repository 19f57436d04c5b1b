/** Looks at servers, files and databases outside, a bounded number at a time; the others wait in line. */
import { isAppError } from '#core/errors.ts';
import type { Masker } from '#platform/mask.ts';
import { look, type PollingKind, type Seen } from '#platform/waiting/look.ts';
import type { TriggererDeps } from './deps.ts';
import type { HeldWaiter } from './held-waiter.ts';

const AT_ONCE_MAX = 32;

export class PollingDesk {
  readonly #deps: TriggererDeps;
  readonly #seen: (waiter: HeldWaiter, seen: Seen | Error) => void;
  readonly #line: HeldWaiter[] = [];
  readonly #stop = new AbortController();
  #active = 0;

  constructor(deps: TriggererDeps, seen: (waiter: HeldWaiter, seen: Seen | Error) => void) {
    this.#deps = deps;
    this.#seen = seen;
  }

  look(waiter: HeldWaiter): void {
    this.#line.push(waiter);
    this.#next();
  }

  stop(): void {
    this.#line.length = 0;
    this.#stop.abort();
  }

  #next(): void {
    while (this.#active < AT_ONCE_MAX && this.#line.length > 0) {
      this.#active += 1;
      void this.#lookOnce(this.#line.shift() as HeldWaiter).finally(() => {
        this.#active -= 1;
        this.#next();
      });
    }
  }

  async #lookOnce(waiter: HeldWaiter): Promise<void> {
    let seen: Seen | Error;
    try {
      seen = await look(waiter.kind as PollingKind, waiter.args, { secrets: this.#remembering(), signal: this.#stop.signal });
    } catch (error) {
      // A mistake in the wait itself (no such connection) ends it; trouble that may pass is looked at again.
      seen = isAppError(error)
        ? { seen: 'hopeless', error: { name: error.code, message: error.message }, retryable: true }
        : new Error(wordsOf(error));
    }
    if (!this.#stop.signal.aborted) this.#seen(waiter, maskedSeen(seen, this.#deps.masker));
  }

  /** Notes and log lines must not show the password of a connection that was used. */
  #remembering(): Pick<TriggererDeps['secrets'], 'connection'> {
    const { secrets, masker } = this.#deps;
    return {
      async connection(id) {
        const connection = await secrets.connection(id);
        masker.add(connection?.password);
        return connection;
      },
    };
  }
}

/** What is said about a look stands on pages; what was found goes to the task, as it is. */
function maskedSeen(seen: Seen | Error, masker: Masker): Seen | Error {
  if (seen instanceof Error) return new Error(masker.mask(seen.message));
  switch (seen.seen) {
    case 'found':
      return seen;
    case 'nothing':
      return { ...seen, note: masker.mask(seen.note) };
    case 'skip':
      return { ...seen, reason: masker.mask(seen.reason) };
    case 'hopeless':
      return { ...seen, error: { ...seen.error, message: masker.mask(seen.error.message) } };
  }
}

/** "fetch failed" says nothing; its cause does. */
function wordsOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  const why = cause?.code ?? cause?.message;
  return why === undefined ? message : `${message}: ${why}`;
}
