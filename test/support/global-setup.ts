/** Once per vitest run: one Postgres for all test files. */
import type { TestProject } from 'vitest/node';
import { stopBundler } from '../../scheduler/dag-processor/bundle.ts';
import { openSdkOutside } from '../../scheduler/dag-processor/sdk-outside.ts';
import { createTemplate, startPostgres } from './postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser's URL of the run's Postgres. */
    postgresUrl: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  // The sdk that DAG bundles share: every DAG processor finds it, none has to make it.
  await createTemplate(server.url, async (db) => void (await openSdkOutside(db)));
  await stopBundler();
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}
