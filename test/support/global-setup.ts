/** Once per vitest run: one Postgres for all test files. */
import type { TestProject } from 'vitest/node';
import { createTemplate, startPostgres } from './postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser's URL of the run's Postgres. */
    postgresUrl: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  await createTemplate(server.url);
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}
