import { Command, Option } from 'commander';
import { BLOCK_COMMANDS, type BlockCommand, PLACES, type Place } from '../add/block-texts.ts';

/** How each kind says where its data is. */
const FLAGS: Readonly<Record<BlockCommand, { readonly flag: string; readonly words: string }>> = {
  loader: { flag: 'from', words: 'where the data comes from' },
  transformer: { flag: 'in', words: 'where it is transformed' },
  exporter: { flag: 'to', words: 'where the data goes' },
  sensor: { flag: 'on', words: 'where it looks' },
};

interface Flags {
  readonly name?: string;
  readonly folder?: string;
}

/** `windlass add loader --from postgres`, and the same for transformer, exporter and sensor. */
export const addBlockCommands: readonly (() => Command)[] = BLOCK_COMMANDS.map((kind) => () => {
  const { flag, words } = FLAGS[kind];
  return new Command(kind)
    .description(`Write a file with a ${kind} to begin with`)
    .addOption(new Option(`--${flag} <place>`, words).choices(PLACES).makeOptionMandatory())
    .option('--name <name>', 'of the block and its file')
    .option('--folder <folder>', 'where to write it; default: blocks/ in the dags folder')
    .action(async (given: Flags & Readonly<Record<string, string>>) => {
      const { addBlock } = await import('../add/add-block.ts');
      const { print } = await import('../output.ts');
      const folder = given.folder ?? `${await dagsFolder()}/blocks`;
      const added = await addBlock({ kind, place: given[flag] as Place, name: given.name, folder });
      for (const file of added.files) print(`wrote ${file}`);
      const use = kind === 'sensor' ? 'sensor' : 'task';
      print(
        `\nin a DAG file:\n  import { ${added.variable} } from './blocks/${added.name}.ts';\n  ${use}('${added.name}', { … }, ${added.variable});`,
      );
    });
});

async function dagsFolder(): Promise<string> {
  const { readCliConfig } = await import('../environment.ts');
  return readCliConfig().dagsFolder;
}
