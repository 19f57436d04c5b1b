/** Where this Windlass is installed: the folder that holds package.json. */
import { fileURLToPath } from 'node:url';

export const INSTALLATION_FOLDER: string = fileURLToPath(new URL('../', import.meta.url)).replace(/\/$/, '');
