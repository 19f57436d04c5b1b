/** Turns what the operating system says about a folder into what to do about it. */
import { AppError, isAppError } from '#core/errors.ts';
import type { Config } from '#platform/config/config.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** A name that can be no folder: a file lies there, or on the way there. */
const NO_FOLDER = new Set(['EEXIST', 'ENOTDIR', 'ENAMETOOLONG']);
const CLOSED = new Set(['EACCES', 'EPERM', 'EROFS']);

/** Any other error comes back as it is. */
export function explainFileError(error: unknown, config: Config): unknown {
  if (isAppError(error)) return error;
  const { code, path, message, syscall } = error as { code?: string; path?: string; message?: string; syscall?: string };
  if (code === undefined) return error;
  const where = path ?? config.dataFolder;
  if (FULL.has(code))
    return new AppError(
      'DISK_FULL',
      `The disk is full: ${where} could not be written. Free some room (200 MB are enough to start), or set WINDLASS_DATA_FOLDER and WINDLASS_LOGS_FOLDER to folders on another disk. No data was lost.`,
      {},
      { cause: error },
    );
  if (CLOSED.has(code))
    return new AppError(
      'DATA_FOLDER_BROKEN',
      `${where} may not be written (${message}). Start Windlass as the folder's owner, change its owner, or choose other folders: WINDLASS_DATA_FOLDER, WINDLASS_LOGS_FOLDER, WINDLASS_DAGS_FOLDER.`,
      {},
      { cause: error },
    );
  // Node makes parents on its way, so that nothing can be missing.
  if (code === 'ENOENT' && syscall === 'mkdir')
    return new AppError(
      'DATA_FOLDER_BROKEN',
      `${where} cannot be made (${message}): its disk is mounted read-only, or a link on the way leads nowhere. Mend that, or choose other folders: WINDLASS_DATA_FOLDER, WINDLASS_LOGS_FOLDER, WINDLASS_DAGS_FOLDER.`,
      {},
      { cause: error },
    );
  if (NO_FOLDER.has(code))
    return new AppError(
      'DATA_FOLDER_BROKEN',
      `${where} cannot be a folder (${message}). Choose another name: WINDLASS_DATA_FOLDER, WINDLASS_LOGS_FOLDER, WINDLASS_DAGS_FOLDER.`,
      {},
      { cause: error },
    );
  return error;
}
