/** One job of BigQuery from its insertion to its end, however often the process that waits for it dies. */
import type { BigQuery as Client, Job } from '@google-cloud/bigquery';
import { pause } from '../cloud/try-again.ts';
import { codeOf } from './google-error.ts';

export interface JobConfiguration {
  readonly load?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly extract?: Readonly<Record<string, unknown>>;
}

export interface JobMetadata {
  readonly status?: { readonly state?: string; readonly errorResult?: { readonly reason?: string; readonly message?: string } };
  readonly statistics?: { readonly load?: { readonly outputRows?: string; readonly outputBytes?: string } };
}

export interface JobEnd {
  readonly jobId: string;
  /** An earlier attempt had asked for it, and it succeeded. */
  readonly wasDone: boolean;
  readonly metadata: JobMetadata;
}

export interface JobRequest {
  /** The job's id is this and a number: how many with the same name have failed. */
  readonly baseId: string;
  readonly configuration: JobConfiguration;
  readonly location: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A job that failed is asked for anew by the next attempt; a task is not tried that often. */
const NUMBERS_MAX = 100;
const POLL_MS_MIN = 200;
const POLL_MS_MAX = 5_000;

/**
 * Asks for the job, or finds the one that an earlier attempt asked for, and waits for its end. Rejects with the job's error, as
 * an error with a code, when it failed.
 */
export async function finishJob(client: Client, request: JobRequest): Promise<JobEnd> {
  for (let number = 0; number < NUMBERS_MAX; number++) {
    const jobId = `${request.baseId}_${number}`;
    const { job, wasThere } = await insert(client, jobId, request);
    const metadata = await waitForEnd(job, request.signal);
    const { errorResult } = metadata.status ?? {};
    if (errorResult === undefined) return { jobId, wasDone: wasThere, metadata };
    // It failed in an earlier attempt: this one asks again under the next number.
    if (!wasThere)
      throw Object.assign(new Error(errorResult.message), { code: CODES[errorResult.reason ?? ''] ?? 400, errors: [errorResult] });
  }
  throw new Error(`${NUMBERS_MAX} jobs of this task have failed.`);
}

/** Reasons of failed jobs as the statuses that requests of the same kind answer. */
const CODES: Readonly<Record<string, number>> = {
  backendError: 503,
  internalError: 500,
  rateLimitExceeded: 429,
  jobRateLimitExceeded: 429,
  quotaExceeded: 403,
  accessDenied: 403,
  notFound: 404,
  stopped: 500,
};

async function insert(client: Client, jobId: string, { configuration, location }: JobRequest): Promise<{ job: Job; wasThere: boolean }> {
  const place = location === undefined ? {} : { location };
  try {
    const [job] = await client.createJob({ configuration, jobId, ...place } as Parameters<Client['createJob']>[0]);
    return { job, wasThere: false };
  } catch (error) {
    // The id is taken: by an earlier attempt, or by this one, when the answer was lost and the library asked again.
    if (codeOf(error) === 409) return { job: client.job(jobId, place), wasThere: true };
    // A job that failed at once: its end says why.
    if (codeOf(error) === undefined && (error as { errors?: unknown }).errors !== undefined)
      return { job: client.job(jobId, place), wasThere: false };
    throw error;
  }
}

async function waitForEnd(job: Job, signal: AbortSignal | undefined): Promise<JobMetadata> {
  for (let delayMs = POLL_MS_MIN; ; delayMs = Math.min(POLL_MS_MAX, delayMs * 1.5)) {
    const [metadata] = (await job.getMetadata()) as unknown as [JobMetadata];
    if (metadata.status?.state === 'DONE') return metadata;
    await pause(delayMs, signal);
    signal?.throwIfAborted();
  }
}
