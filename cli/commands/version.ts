import { WINDLASS_VERSION } from '#platform/version.ts';
import { listCommand } from '../list-option.ts';
import { formatOf, type OutputOptions, print, printRecord } from '../output.ts';

/** `windlass version` */
export function version(): ReturnType<typeof listCommand> {
  return listCommand('version')
    .description('Print the version')
    .action((options: OutputOptions) => {
      if (formatOf(options) === 'table') print(WINDLASS_VERSION);
      else printRecord({ version: WINDLASS_VERSION, node: process.version }, options);
    });
}
