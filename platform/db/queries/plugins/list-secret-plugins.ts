import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'list_secret_plugins',
  text: `select name, code from plugin where error is null and code is not null and provides -> 'secrets' <> '[]' order by name`,
};

/** listSecretPlugins    who: worker, triggerer, at most every few seconds while secrets are asked for. Reads only. */
export async function listSecretPlugins(db: Queryable): Promise<readonly { readonly name: string; readonly code: string }[]> {
  return (await db.query<{ name: string; code: string }>(STATEMENT)).rows;
}
