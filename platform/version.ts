/** The version of this Windlass, from package.json: what `service` rows, /version and the pages show. */
import { readFileSync } from 'node:fs';

const packageJson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };

export const WINDLASS_VERSION = packageJson.version;
