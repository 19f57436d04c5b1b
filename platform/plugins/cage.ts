/** How a process that runs strangers' code is caged: nothing of ours in its environment, and reads only. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';

export interface Cage {
  readonly memoryMb: number;
  /** Folders the child may read beside the installation. */
  readonly readable: readonly string[];
  /** Further flags of Node. */
  readonly flags?: readonly string[];
}

/** Rooms and packages a bundle or the child itself may load from; never the data folder. */
const READABLE_ROOMS = ['core', 'sdk', 'providers', 'scheduler', 'node_modules', 'package.json'];

/** Flags of Node: its permission model (no writes, no processes, no threads), and a limit on the heap. */
export function cageFlags({ memoryMb, readable, flags = [] }: Cage): readonly string[] {
  const rooms = READABLE_ROOMS.map((room) => join(INSTALLATION_FOLDER, room));
  return [
    '--permission',
    ...[...rooms, ...readable].map((path) => `--allow-fs-read=${path}`),
    '--allow-addons',
    `--max-old-space-size=${memoryMb}`,
    '--disable-proto=delete',
    '--enable-source-maps',
    '--no-warnings',
    ...flags,
  ];
}

/** No credentials, no settings of ours: only what Node itself needs. */
export function cageEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC', LANG: 'C.UTF-8', HOME: tmpdir() };
}
