/** An import error as people see it: what, where in the author's own file, and the stack without our frames. */
import type { BundleError, SourcePosition } from './bundle.ts';

export interface ImportFailure {
  readonly message: string;
  readonly stack: string;
  readonly line: number | null;
  readonly column: number | null;
}

const FRAME = /\(?(?:file:\/\/)?(\/[^():]+):(\d+):(\d+)\)?$/;

/** Of a syntax error or an import that does not resolve. */
export function fromBundleError(error: BundleError, file: string): ImportFailure {
  const { position } = error;
  const where = position === null ? '' : position.file === file ? '' : ` (in ${position.file})`;
  return {
    message: `${error.message}${where}`,
    stack: describe(error.message, position),
    line: position?.line ?? null,
    column: position?.column ?? null,
  };
}

/** Of what the file threw. The first frame in the author's own files says where. */
export function fromThrown(
  thrown: { readonly name: string; readonly message: string; readonly stack: string },
  ownFiles: readonly string[],
): ImportFailure {
  const frames = thrown.stack.split('\n').slice(1);
  const position = frames.map(readFrame).find((frame) => frame !== null && ownFiles.includes(frame.file)) ?? null;
  const title =
    thrown.name === 'Error' || thrown.name === 'AppError' || thrown.name === 'ImportError'
      ? thrown.message
      : `${thrown.name}: ${thrown.message}`;
  const kept = frames.filter((frame) => !/node:internal|scheduler\/dag-processor\/child|\/sdk\/|\/core\//.test(frame));
  return { message: title, stack: [title, ...kept].join('\n'), line: position?.line ?? null, column: position?.column ?? null };
}

function readFrame(frame: string): SourcePosition | null {
  const match = FRAME.exec(frame.trim());
  return match ? { file: match[1] as string, line: Number(match[2]), column: Number(match[3]) } : null;
}

function describe(message: string, position: SourcePosition | null): string {
  return position === null ? message : `${message}\n    at ${position.file}:${position.line}:${position.column}`;
}
