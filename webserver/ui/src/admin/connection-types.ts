/** What the form of a connection asks for, by type: a table, so that a new provider is a row. */

export type ConnectionField = 'host' | 'port' | 'login' | 'password' | 'schema';

export interface ConnectionType {
  readonly type: string;
  readonly label: string;
  /** The fields it has, with the words its users know them by. */
  readonly fields: Readonly<Partial<Record<ConnectionField, string>>>;
  readonly defaultPort?: number;
  /** What may stand in extra. */
  readonly extraHint: string;
  readonly extraExample: string;
}

const ALL_FIELDS = { host: 'Host', port: 'Port', login: 'Login', password: 'Password', schema: 'Schema' } as const;

export const CONNECTION_TYPES: readonly ConnectionType[] = [
  {
    type: 'postgres',
    label: 'Postgres',
    fields: { ...ALL_FIELDS, schema: 'Database' },
    defaultPort: 5432,
    extraHint: 'sslmode: disable, require, verify-ca or verify-full',
    extraExample: '{ "sslmode": "require" }',
  },
  {
    type: 'mysql',
    label: 'MySQL',
    fields: { ...ALL_FIELDS, schema: 'Database' },
    defaultPort: 3306,
    extraHint: 'A JSON object; may stay empty',
    extraExample: '',
  },
  {
    type: 'redis',
    label: 'Redis',
    fields: { ...ALL_FIELDS, schema: 'Number of the database' },
    defaultPort: 6379,
    extraHint: 'ssl: true',
    extraExample: '',
  },
  {
    type: 'google_cloud_platform',
    label: 'Google Cloud',
    fields: {},
    extraHint: 'keyfile_dict (the key itself) or key_path (a file on the workers), and project. Empty: application default credentials',
    extraExample: '{ "project": "my-project", "key_path": "/home/me/.google/credentials/google_credentials.json" }',
  },
  {
    type: 'aws',
    label: 'Amazon Web Services',
    fields: { login: 'Access key id', password: 'Secret access key' },
    extraHint: 'region_name, endpoint_url, aws_session_token',
    extraExample: '{ "region_name": "eu-central-1" }',
  },
  {
    type: 'http',
    label: 'HTTP',
    fields: { ...ALL_FIELDS, host: 'Host or base URL', schema: 'Scheme (http or https)' },
    extraHint: 'Headers of every request, as a JSON object',
    extraExample: '{ "Authorization": "Bearer …" }',
  },
  {
    type: 'sftp',
    label: 'SFTP',
    fields: { host: 'Host', port: 'Port', login: 'Login', password: 'Password' },
    defaultPort: 22,
    extraHint: 'private_key, or key_file on the workers',
    extraExample: '',
  },
  {
    type: 'smtp',
    label: 'E-mail (SMTP)',
    fields: { host: 'Host', port: 'Port', login: 'Login', password: 'Password' },
    defaultPort: 587,
    extraHint: 'A JSON object; may stay empty',
    extraExample: '',
  },
  {
    type: 'webhook',
    label: 'Incoming webhook',
    fields: { schema: 'DAG that it starts', password: 'Secret (16 characters or more)' },
    extraHint: 'scheme: windlass or github; window_seconds',
    extraExample: '{ "scheme": "github" }',
  },
  { type: 'slack', label: 'Slack', fields: { password: 'Token' }, extraHint: 'A JSON object; may stay empty', extraExample: '' },
  { type: 'sqlite', label: 'SQLite', fields: { host: 'File on the workers' }, extraHint: 'May stay empty', extraExample: '' },
  { type: 'duckdb', label: 'DuckDB', fields: { host: 'File on the workers' }, extraHint: 'May stay empty', extraExample: '' },
];

/** The row of a type; one that is not in the table has every field. */
export function connectionType(type: string): ConnectionType {
  return (
    CONNECTION_TYPES.find((one) => one.type === type) ?? {
      type,
      label: type,
      fields: ALL_FIELDS,
      extraHint: 'A JSON object; may stay empty',
      extraExample: '',
    }
  );
}
