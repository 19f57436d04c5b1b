/**
 * Clouds on this machine: Google Cloud Storage and BigQuery by our own emulators, S3 by fauxqs. What they hold is in
 * memory and gone with the process; they listen on the loopback address only and ask nobody who they are.
 */
import type { Clock } from '#platform/clock.ts';
import { startBigQueryEmulator } from './bigquery/bigquery-server.ts';
import { startGcsEmulator } from './gcs/gcs-server.ts';

export interface EmulatorPorts {
  readonly gcs: number;
  readonly bigquery: number;
  readonly s3: number;
}

export interface RunningEmulators {
  readonly urls: { readonly gcs: string; readonly bigquery: string; readonly s3: string | null };
  /** Environment variables that point the usual connections at them. */
  readonly connections: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export const EMULATOR_PORTS: EmulatorPorts = { gcs: 4443, bigquery: 9050, s3: 4566 };

/** Where the examples write. */
const BUCKETS = ['windlass-examples'];

/** Port 0 takes a free one. Rejects when one is taken. */
export async function startEmulators({
  ports,
  clock,
}: {
  readonly ports: EmulatorPorts;
  readonly clock: Clock;
}): Promise<RunningEmulators> {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const one of started.splice(0).reverse()) await one.stop();
  };
  try {
    const gcs = await startGcsEmulator({ port: ports.gcs, clock });
    started.push(gcs);
    const bigquery = await startBigQueryEmulator({ port: ports.bigquery, clock, objects: gcs.objects });
    started.push(bigquery);
    const s3 = await startS3(ports.s3);
    if (s3 !== null) started.push(s3);
    for (const bucket of BUCKETS) gcs.objects.createBucket(bucket);
    const urls = { gcs: gcs.url, bigquery: bigquery.url, s3: s3?.url ?? null };
    return { urls, connections: connectionsOf(urls), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Null when fauxqs is not installed: it is a package for development. */
async function startS3(port: number): Promise<{ readonly url: string; stop(): Promise<void> } | null> {
  const fauxqs = await import('fauxqs').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  });
  if (fauxqs === null) return null;
  const server = await fauxqs.startFauxqs({
    port,
    host: '127.0.0.1',
    logger: false,
    init: { buckets: BUCKETS.map((name) => ({ name })) } as never,
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
}

function connectionsOf({ gcs, bigquery, s3 }: RunningEmulators['urls']): Readonly<Record<string, string>> {
  const google = new URLSearchParams({ project: 'windlass-local', storage_endpoint: gcs, bigquery_endpoint: bigquery });
  const aws = s3 === null ? null : new URLSearchParams({ region_name: 'us-east-1', endpoint_url: s3 });
  return {
    WINDLASS_CONN_GOOGLE_CLOUD_DEFAULT: `google-cloud-platform://?${google}`,
    ...(aws === null ? {} : { WINDLASS_CONN_AWS_DEFAULT: `aws://local:local@?${aws}` }),
  };
}
