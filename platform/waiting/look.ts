/**
 * Looks once at what a waiter of a polling kind waits for. Runs in a triggerer and in `dags test`; never runs code
 * of an author. Credentials stay here: a waiter names a connection.
 */
import type { WaiterArgs, WaiterKind } from '#core/waiting/kinds.ts';
import type { SecretStore } from '#platform/secrets/secret-store.ts';

/** What a look saw. */
export type Seen =
  | { readonly seen: 'nothing'; readonly note: string }
  | { readonly seen: 'found'; readonly value: unknown }
  /** It will never come, or the wait itself is wrong. */
  | { readonly seen: 'hopeless'; readonly error: { readonly name: string; readonly message: string }; readonly retryable: boolean }
  | { readonly seen: 'skip'; readonly reason: string };

export interface LookDeps {
  readonly secrets: Pick<SecretStore, 'connection'>;
  readonly signal: AbortSignal;
}

export type PollingKind = Extract<WaiterKind, 'http' | 'file' | 'sql'>;

/** Rejects on trouble that may pass (a server that is away): look again later. */
export async function look(kind: PollingKind, args: WaiterArgs, deps: LookDeps): Promise<Seen> {
  switch (kind) {
    case 'http':
      return (await import('./look-http.ts')).lookHttp(args, deps);
    case 'file':
      return (await import('./look-file.ts')).lookFile(args);
    case 'sql':
      return (await import('./look-sql.ts')).lookSql(args, deps);
  }
}
