/** GET /ui/api/connections: every connection a task could ask for, and where each one stands. */
import type { ConnectionRow } from '#platform/db/queries/secrets/find-connection.ts';
import { listConnections } from '#platform/db/queries/secrets/list-connections.ts';
import { type Connection, connectionVariable, parseConnection } from '#platform/secrets/connection.ts';
import { environmentKey, openConnectionSecret } from '#platform/secrets/secret-store.ts';
import { redactJsonText } from '../api/redact.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import type { UiConnection, UiConnections, UiOrigin } from './admin-types.ts';

const SHOWN = 1_000;

export function connectionPageRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/ui/api/connections',
      permission: 'op',
      summary: 'The connections of every place, without their secrets.',
      async handle({ db }): Promise<UiConnections> {
        const page = await listConnections(db, { filters: [], orderBy: [], limit: SHOWN, offset: 0 });
        const fromEnvironment = environmentConnections(deps);
        const { connections: fromProfiles, problem } = await profileConnections(deps);
        const inEnvironment = new Set(fromEnvironment.map((one) => one.id));
        const inProfiles = new Set(fromProfiles.map((one) => one.id));
        const hider = (id: string, above: readonly UiOrigin[]): UiOrigin | null => {
          if (above.includes('environment') && inEnvironment.has(environmentKey(id))) return 'environment';
          return above.includes('profile') && inProfiles.has(id) ? 'profile' : null;
        };
        return {
          problem,
          connections: [
            ...fromEnvironment,
            ...fromProfiles.map((one) => ({ ...one, hiddenBy: hider(one.id, ['environment']) })),
            ...page.rows.map((row) => ({ ...storedConnection(deps, row), hiddenBy: hider(row.connection_id, ['environment', 'profile']) })),
          ].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
        };
      },
    }),
  ];
}

function environmentConnections({ config }: WebDeps): readonly UiConnection[] {
  return [...config.connections].map(([id, text]) =>
    shownOrProblem(id, 'environment', connectionVariable(id), () => parseConnection(id, text.reveal())),
  );
}

async function profileConnections({ secrets }: WebDeps): Promise<{ connections: readonly UiConnection[]; problem: string | null }> {
  try {
    const connections = secrets.profiles.list().map(async ({ id, profile }) => {
      const found = await secrets.profiles.connection(id, secrets.variable).catch((error: unknown) => error as Error);
      return shownOrProblem(id, 'profile', profile, () => {
        if (found instanceof Error || found === null) throw found ?? new Error('It is gone.');
        return found;
      });
    });
    return { connections: await Promise.all(connections), problem: null };
  } catch (error) {
    return { connections: [], problem: (error as Error).message };
  }
}

function shownOrProblem(id: string, origin: UiOrigin, originName: string, read: () => Connection): UiConnection {
  const place = { id, origin, originName, hiddenBy: null, description: null };
  try {
    const { type, host, port, login, password, schema, extra } = read();
    const extraText = Object.keys(extra).length === 0 ? null : redactJsonText(JSON.stringify(extra));
    return { ...place, type, host, port, login, schema, hasPassword: password !== null, extra: extraText, problem: null };
  } catch (error) {
    const nothing = { type: null, host: null, port: null, login: null, schema: null, hasPassword: false, extra: null };
    return { ...place, ...nothing, problem: (error as Error).message };
  }
}

function storedConnection({ secrets }: WebDeps, row: ConnectionRow): UiConnection {
  const { connection_id: id, conn_type: type, description, host, port, login, schema } = row;
  const shown = { id, origin: 'database' as const, originName: null, hiddenBy: null, type, description, host, port, login, schema };
  try {
    const secret = row.secret === null ? { password: null, extra: null } : openConnectionSecret(secrets.envelope, id, row.secret);
    return { ...shown, hasPassword: secret.password !== null, extra: redactJsonText(secret.extra), problem: null };
  } catch (error) {
    return { ...shown, hasPassword: true, extra: null, problem: (error as Error).message };
  }
}
