/** A Windlass connection to Amazon Web Services. */
import type { Connection } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';

export type AwsConnection = Pick<Connection, 'id' | 'type' | 'login' | 'password' | 'extra'>;

/** Whatever hands out connections: a task's `ctx`. */
export interface ConnectionSource {
  conn<T>(id: string): Promise<T>;
  readonly signal?: AbortSignal;
}

export interface AwsAccess {
  readonly connectionId: string;
  readonly region: string;
  /** Absent: the machine's own (instance role, files in HOME). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
  /** Of another service that speaks S3, or an emulator. */
  readonly endpoint?: string;
}

export const AWS_DEFAULT = 'aws_default';

/** Login is the access key, password the secret; the extra, as in Airflow: `region_name`, `endpoint_url`, `aws_session_token`. */
export function readAwsConnection({ id, type, login, password, extra }: AwsConnection): AwsAccess {
  if (type !== 'aws' && type !== 's3')
    throw new Fatal(`connection "${id}" is of type "${type}", not aws. Name another, or change its type.`);
  const text = (name: string) => (typeof extra[name] === 'string' && extra[name] !== '' ? (extra[name] as string) : undefined);
  const accessKeyId = login ?? text('aws_access_key_id');
  const secretAccessKey = password ?? text('aws_secret_access_key');
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    throw new Fatal(
      `connection "${id}" has ${accessKeyId === undefined ? 'a secret but no access key (login)' : 'an access key but no secret (password)'}. Give both, or neither to use the machine's own.`,
    );
  const sessionToken = text('aws_session_token');
  const endpoint = text('endpoint_url');
  return {
    connectionId: id,
    region: text('region_name') ?? 'us-east-1',
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}
