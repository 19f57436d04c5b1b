/** Files that template fields name (`sql: 'load.sql'`): read with the DAG file and kept in its bundle, so workers need no folder. */
import { perBundle } from './per-bundle.ts';

/** The whole text is such a name. */
export const TEMPLATE_FILE = /^[^\s]{1,300}\.(?:sql|sh|bash)$/;

const files = perBundle(() => new Map<string, string>());

/** Called by the bundle, with the names as they stand in the DAG file. */
export function registerTemplateFiles(texts: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(texts)) files().set(name, text);
}

/** Of the bundle that is imported; more may come while it is. */
export function registeredTemplateFiles(): ReadonlyMap<string, string> {
  return files();
}
