/**
 * Mage's names in io_config.yaml, as data: which connection each belongs to and which part of it. One table, so that
 * a profile written for Mage works as it is.
 */
export type ConnectionPart = 'host' | 'port' | 'login' | 'password' | 'schema' | `extra.${string}`;

export interface ProfileConnection {
  /** Id of the connection that the keys make: `ctx.conn("postgres")`. */
  readonly id: string;
  readonly type: string;
  readonly keys: Readonly<Record<string, ConnectionPart>>;
}

export const PROFILE_CONNECTIONS: readonly ProfileConnection[] = [
  {
    id: 'postgres',
    type: 'postgres',
    keys: {
      POSTGRES_HOST: 'host',
      POSTGRES_PORT: 'port',
      POSTGRES_USER: 'login',
      POSTGRES_PASSWORD: 'password',
      POSTGRES_DBNAME: 'schema',
      POSTGRES_SCHEMA: 'extra.currentSchema',
      POSTGRES_SSLMODE: 'extra.sslmode',
      POSTGRES_CONNECT_TIMEOUT: 'extra.connect_timeout',
    },
  },
  {
    id: 'mysql',
    type: 'mysql',
    keys: {
      MYSQL_HOST: 'host',
      MYSQL_PORT: 'port',
      MYSQL_USER: 'login',
      MYSQL_PASSWORD: 'password',
      MYSQL_DATABASE: 'schema',
    },
  },
  {
    id: 'google',
    type: 'google_cloud_platform',
    keys: {
      GOOGLE_SERVICE_ACC_KEY: 'extra.keyfile_dict',
      GOOGLE_SERVICE_ACC_KEY_FILEPATH: 'extra.key_path',
      GOOGLE_PROJECT: 'extra.project',
      GOOGLE_LOCATION: 'extra.location',
    },
  },
  {
    id: 'aws',
    type: 'aws',
    keys: {
      AWS_ACCESS_KEY_ID: 'login',
      AWS_SECRET_ACCESS_KEY: 'password',
      AWS_SESSION_TOKEN: 'extra.aws_session_token',
      AWS_REGION: 'extra.region_name',
      AWS_ENDPOINT: 'extra.endpoint_url',
    },
  },
  { id: 'duckdb', type: 'duckdb', keys: { DUCKDB_DATABASE: 'host', DUCKDB_SCHEMA: 'schema' } },
];

/** Keys of Mage for systems that Windlass has no provider for, by their beginning: they are passed over, not refused. */
export const FOREIGN_KEYS =
  /^(ALGOLIA|AZURE|BIGQUERY|CHROMA|CLICKHOUSE|DREMIO|DRUID|ELASTICSEARCH|MONGODB|MOTHERDUCK|MSSQL|MYSQL|ORACLEDB|PINECONE|PINOT|POSTGRES|QDRANT|REDSHIFT|SNOWFLAKE|SPARK|TRINO|WEAVIATE|AWS|GOOGLE|DUCKDB|SSH)_/;
