/** GET /ui/api/importErrors: broken files, with the lines around the fault. */
import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DAGS_FOLDER_BUNDLE, readBundles } from '#platform/config/dag-bundles.ts';
import { type ImportErrorRow, listImportErrors } from '#platform/db/queries/api/list-import-errors.ts';
import { iso } from '../http/iso.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import type { UiImportErrors } from './types.ts';

type UiImportError = UiImportErrors['errors'][number];

const SHOWN_ERRORS = 200;
const LINES_AROUND = 3;
const FILE_MAX_BYTES = 1024 * 1024;
const LINE_MAX_CHARS = 400;

export function importErrorPageRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/ui/api/importErrors',
      permission: 'viewer',
      summary: 'Files that do not import.',
      async handle({ db }): Promise<UiImportErrors> {
        const page = await listImportErrors(db, {
          filters: [],
          orderBy: [{ field: 'seen_at', descending: true }],
          limit: SHOWN_ERRORS,
          offset: 0,
        });
        const folders = new Map(
          readBundles(deps.config).flatMap((bundle) => (bundle.kind === 'folder' ? [[bundle.name, bundle.folder] as const] : [])),
        );
        return { errors: await Promise.all(page.rows.map((row) => uiImportError(row, folders.get(row.bundle_name) ?? null))) };
      },
    }),
  ];
}

/** `folder` null = this process does not have the files of the bundle. */
async function uiImportError(row: ImportErrorRow, folder: string | null): Promise<UiImportError> {
  return {
    filePath: shownPath(row),
    message: row.message,
    stack: row.stack,
    line: row.line,
    column: row.column_number,
    seenAt: iso(row.seen_at),
    sourceExcerpt: row.line === null || folder === null ? [] : await excerpt(folder, row.file_path, row.line),
  };
}

/** Files of the dags folder by their path, others with the name of their bundle; "." is a bundle as a whole. */
function shownPath({ bundle_name: bundle, file_path: path }: ImportErrorRow): string {
  if (path === '.') return bundle;
  return bundle === DAGS_FOLDER_BUNDLE ? path : `${bundle}: ${path}`;
}

/** The lines around `line` as the file is now; none when this web server cannot read the DAGs folder. */
async function excerpt(dagsFolder: string, filePath: string, line: number): Promise<UiImportError['sourceExcerpt']> {
  try {
    // The path comes from the database; a link in the folder must not lead out of it.
    const root = await realpath(dagsFolder);
    const path = await realpath(join(root, filePath));
    if (!path.startsWith(root + sep)) return [];
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.min(size, FILE_MAX_BYTES));
      await file.read(buffer, 0, buffer.length, 0);
      const first = Math.max(1, line - LINES_AROUND);
      const lines = buffer
        .toString('utf8')
        .split('\n')
        .slice(first - 1, line + LINES_AROUND);
      return lines.map((text, index) => ({ line: first + index, text: text.slice(0, LINE_MAX_CHARS) }));
    } finally {
      await file.close();
    }
  } catch {
    return [];
  }
}
