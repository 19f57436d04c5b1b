/**
 * Where connections and variables come from: the environment first (WINDLASS_CONN_<ID>, WINDLASS_VAR_<KEY>),
 * then the backends of plugins, then the profile of io_config.yaml (connections only), then the database. Only
 * supervisors and the web server have one; task processes ask their supervisor.
 */
import { AppError } from '#core/errors.ts';
import type { Config } from '#platform/config/config.ts';
import type { Queryable } from '#platform/db/client.ts';
import { findConnection } from '#platform/db/queries/secrets/find-connection.ts';
import { findVariable } from '#platform/db/queries/secrets/find-variable.ts';
import { ProfileSource } from '#platform/profiles/profile-source.ts';
import { type Connection, connectionVariable, parseConnection } from './connection.ts';
import { type Envelope, openEnvelope, variablePlace } from './envelope.ts';
import { defaultGoogleConnection, withGoogleKey } from './google-credentials.ts';
import type { SecretSource } from './secret-plugins.ts';

/** What a connection keeps encrypted. */
export interface ConnectionSecret {
  readonly password: string | null;
  /** A JSON object, as text. */
  readonly extra: string | null;
}

export interface SecretStore {
  readonly envelope: Envelope;
  readonly profiles: ProfileSource;
  /** Null when no source has it. */
  connection(id: string): Promise<Connection | null>;
  /** Null when no source has it. */
  variable(key: string): Promise<string | null>;
}

export function openSecretStore(deps: { readonly config: Config; readonly db: Queryable; readonly plugins?: SecretSource }): SecretStore {
  const { config, db, plugins } = deps;
  const profiles = new ProfileSource(config);
  let envelope: Envelope | null = null;
  // Opened on first use: a Windlass whose connections all come from the environment needs no key.
  const opened = () => {
    envelope ??= openEnvelope(config.secretKey);
    return envelope;
  };
  const variable = async (key: string): Promise<string | null> => {
    const given = config.variables.get(environmentKey(key));
    if (given !== undefined) return given;
    const backed = await plugins?.variable(key);
    if (typeof backed === 'string') return backed;
    const row = await findVariable(db, key);
    return row === null ? null : opened().open(variablePlace(key), row.value);
  };
  const found = async (id: string): Promise<Connection | null> => {
    const given = config.connections.get(environmentKey(id));
    if (given !== undefined) return parseConnection(id, given.reveal());
    const backed = await plugins?.connection(id);
    if (backed) return backed;
    const profiled = await profiles.connection(id, variable);
    if (profiled !== null) return profiled;
    const row = await findConnection(db, id);
    if (row === null) return null;
    const secret = row.secret === null ? null : openConnectionSecret(opened(), id, row.secret);
    return {
      id,
      type: row.conn_type,
      host: row.host,
      port: row.port,
      login: row.login,
      password: secret?.password ?? null,
      schema: row.schema,
      extra: secret?.extra ? (JSON.parse(secret.extra) as Record<string, unknown>) : {},
    };
  };
  return {
    profiles,
    get envelope() {
      return opened();
    },
    async connection(id) {
      const key = config.googleCredentials.reveal();
      const connection = (await found(id)) ?? (await defaultGoogleConnection(id, key));
      return connection === null ? null : withGoogleKey(connection, key);
    },
    variable,
  };
}

/** Returns the connection, or throws CONNECTION_NOT_FOUND with the ways to add it. */
export async function requireConnection(store: SecretStore, id: string): Promise<Connection> {
  const connection = await store.connection(id);
  if (connection !== null) return connection;
  throw new AppError(
    'CONNECTION_NOT_FOUND',
    `There is no connection ${JSON.stringify(id)}. Set the environment variable ${connectionVariable(id)}=type://login:password@host:port/schema ` +
      `for the workers, add it on the Connections page or to io_config.yaml, or with POST /api/v2/connections {"connection_id": ${JSON.stringify(id)}, "conn_type": …}.`,
  );
}

export function sealConnectionSecret(envelope: Envelope, id: string, secret: ConnectionSecret): Buffer | null {
  if (secret.password === null && secret.extra === null) return null;
  return envelope.seal({ table: 'connection', id, column: 'secret' }, JSON.stringify(secret));
}

export function openConnectionSecret(envelope: Envelope, id: string, sealed: Buffer): ConnectionSecret {
  return JSON.parse(envelope.open({ table: 'connection', id, column: 'secret' }, sealed)) as ConnectionSecret;
}

/** Environment names have only letters, digits and "_"; the config keeps them in lower case. */
export function environmentKey(id: string): string {
  return id.replace(/[^A-Za-z0-9]/g, '_').toLowerCase();
}
