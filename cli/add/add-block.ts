/** Writes the files of a new block. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { BLOCK_TEXTS, type BlockCommand, type Place } from './block-texts.ts';

export interface NewBlock {
  readonly kind: BlockCommand;
  readonly place: Place;
  /** Default: "load_from_postgres" and the like. */
  readonly name: string | undefined;
  readonly folder: string;
}

export interface AddedBlock {
  readonly name: string;
  /** The constant to import. */
  readonly variable: string;
  /** Paths from the working directory. */
  readonly files: readonly string[];
}

const VERBS: Readonly<Record<BlockCommand, string>> = {
  loader: 'load_from',
  transformer: 'transform_in',
  exporter: 'export_to',
  sensor: 'wait_for',
};

/** Throws BAD_REQUEST on a name that cannot be one, and CONFLICT, having written nothing, when a file of that name is there. */
export async function addBlock({ kind, place, name = `${VERBS[kind]}_${place}`, folder }: NewBlock): Promise<AddedBlock> {
  const variable = name.replace(/[_.-]+(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (!isKey(name) || !/^[a-zA-Z]\w*$/.test(variable))
    throw new AppError(
      'BAD_REQUEST',
      `"${name}" cannot be the name of a block. Use letters, digits and _, beginning with a letter: clean_trips.`,
    );
  const { code, sql } = BLOCK_TEXTS[kind][place];
  const files = [[`${name}.ts`, code({ name, variable })], ...(sql === undefined ? [] : [[`${name}.sql`, sql]])] as [string, string][];
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const [file, text] of files) {
    const path = join(folder, file);
    await writeFile(path, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      throw new AppError('CONFLICT', `${relative(process.cwd(), path)} is there already. Choose another --name, or remove it.`);
    });
    paths.push(relative(process.cwd(), path));
  }
  return { name, variable, files: paths };
}
