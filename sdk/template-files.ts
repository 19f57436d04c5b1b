/** Files that template fields name (`sql: 'load.sql'`): read with the DAG file and kept in its bundle, so workers need no folder. */

/** The whole text is such a name. */
export const TEMPLATE_FILE = /^[^\s]{1,300}\.(?:sql|sh|bash)$/;

/** Of one bundle: a process or a realm loads one in its life. */
const files = new Map<string, string>();

/** Called by the bundle, with the names as they stand in the DAG file. */
export function registerTemplateFiles(texts: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(texts)) files.set(name, text);
}

export function registeredTemplateFiles(): ReadonlyMap<string, string> {
  return files;
}
