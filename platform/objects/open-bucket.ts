/** Opens a bucket by its URI and a connection, by the library of its maker, which is loaded when it is needed. */
import type { Connection } from '../secrets/connection.ts';
import type { ObjectClient } from './object-client.ts';

export type ObjectScheme = 'gs' | 's3';

export interface ObjectPlace {
  readonly scheme: ObjectScheme;
  readonly bucket: string;
  /** May be empty. */
  readonly key: string;
}

/** Null = it names no bucket. */
export function readObjectUri(uri: string): ObjectPlace | null {
  const [, scheme, bucket, key = ''] = /^(gs|s3):\/\/([^/]+)(?:\/(.*))?$/s.exec(uri) ?? [];
  return scheme === undefined || bucket === undefined ? null : { scheme: scheme as ObjectScheme, bucket, key };
}

/** Connection null = the credentials of the machine. */
export async function openBucket({ scheme, bucket }: Omit<ObjectPlace, 'key'>, connection: Connection | null): Promise<ObjectClient> {
  return OPEN[scheme](bucket, connection);
}

const OPEN: Readonly<Record<ObjectScheme, (bucket: string, connection: Connection | null) => Promise<ObjectClient>>> = {
  gs: async (bucket, connection) => (await import('./gcs-client.ts')).openGcsClient(bucket, connection),
  s3: async (bucket, connection) => (await import('./s3-client.ts')).openS3Client(bucket, connection),
};
