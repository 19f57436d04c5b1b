import { Command } from 'commander';
import { parseCount } from '../parse-flag.ts';

interface Flags {
  readonly gcsPort: number;
  readonly bigqueryPort: number;
  readonly s3Port: number;
}

/** `windlass emulators [command...]`: clouds on this machine, for DAGs that talk to one. */
export function emulators(): Command {
  const port = (flag: string) => parseCount(flag, 0, 65_535);
  return new Command('emulators')
    .description('Run Google Cloud Storage, BigQuery and S3 on this machine, in memory, so that examples need no account')
    .argument('[command...]', 'run this beside them, with connections that lead to them, and end with it: windlass emulators -- npm start')
    .option('--gcs-port <n>', 'port of Cloud Storage; 0 takes a free one', port('--gcs-port'), 4443)
    .option('--bigquery-port <n>', 'port of BigQuery', port('--bigquery-port'), 9050)
    .option('--s3-port <n>', 'port of S3', port('--s3-port'), 4566)
    .action(async (command: readonly string[], { gcsPort, bigqueryPort, s3Port }: Flags) => {
      const { runEmulators } = await import('../run-emulators.ts');
      process.exitCode = await runEmulators({ gcs: gcsPort, bigquery: bigqueryPort, s3: s3Port }, command);
    });
}
