/** GET /ui/api/variables: every variable a task could ask for, and where each one stands. */
import { listVariables } from '#platform/db/queries/secrets/list-variables.ts';
import { variablePlace } from '#platform/secrets/envelope.ts';
import { environmentKey } from '#platform/secrets/secret-store.ts';
import { HIDDEN, isTellingName } from '../api/redact.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import type { UiVariable, UiVariables } from './admin-types.ts';

const SHOWN = 1_000;

export function variablePageRoutes({ config, secrets }: WebDeps): readonly Route[] {
  const shown = (key: string, read: () => string) => (isTellingName(key) ? HIDDEN : read());
  return [
    route({
      method: 'GET',
      url: '/ui/api/variables',
      permission: 'op',
      summary: 'The variables of every place.',
      async handle({ db }): Promise<UiVariables> {
        const page = await listVariables(db, { filters: [], orderBy: [], limit: SHOWN, offset: 0 });
        const given = [...config.variables].map(
          ([key, value]): UiVariable => ({
            key,
            value: shown(key, () => value),
            description: null,
            origin: 'environment',
            originName: `WINDLASS_VAR_${key.toUpperCase()}`,
            hiddenBy: null,
          }),
        );
        const stored = page.rows.map(
          (row): UiVariable => ({
            key: row.key,
            value: shown(row.key, () => secrets.envelope.open(variablePlace(row.key), row.value)),
            description: row.description,
            origin: 'database',
            originName: null,
            hiddenBy: config.variables.has(environmentKey(row.key)) ? 'environment' : null,
          }),
        );
        return { variables: [...given, ...stored].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) };
      },
    }),
  ];
}
