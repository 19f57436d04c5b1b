import type { Command } from 'commander';
import { type Config, readConfig } from '#platform/config/config.ts';
import { CONFIG_KEYS, type ConfigName } from '#platform/config/keys.ts';
import { listCommand } from '../list-option.ts';
import { type OutputOptions, printRows, type Row } from '../output.ts';

/** `windlass config list`: every setting, its value, where that comes from and what it means. Secrets show as ***. */
export function configList(): Command {
  return listCommand('list')
    .description('List all settings')
    .action((options: OutputOptions) => {
      const config = readConfig();
      printRows(
        (Object.keys(CONFIG_KEYS) as ConfigName[]).map((name) => rowOf(config, name)),
        options,
      );
    });
}

function rowOf(config: Config, name: ConfigName): Row {
  const key = CONFIG_KEYS[name];
  const value = config[name];
  const isUnsetSecret = key.type === 'secret' && config.sources[name] === 'default';
  return {
    name: key.env,
    value: isUnsetSecret ? '' : key.type === 'secret' ? '***' : value,
    source: config.sources[name],
    meaning: key.doc,
  };
}
