/**
 * What each DAG file was like when it was last parsed: the files that went in, and a hash over their contents. Kept in the
 * database too, so that a processor that starts anew parses only what changed while nobody looked.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Clock } from '#platform/clock.ts';
import { readDagFile } from '#platform/dag-files.ts';
import type { Queryable } from '#platform/db/client.ts';
import { forgetParsedFile, listParsedFiles, saveParsedFiles } from '#platform/db/queries/parsing/parsed-files.ts';
import type { FileOfBundle } from '#platform/db/queries/save-parsed-file.ts';
import { GroupCommit } from '#platform/service/group-commit.ts';

interface Parsed {
  /** Absolute. */
  readonly inputs: readonly string[];
  readonly hash: string;
}

interface Kept extends FileOfBundle {
  readonly folder: string;
  readonly parsed: Parsed;
  readonly dagIds: readonly string[];
}

/** A file that changed so lately may change again without showing it: clocks of file systems tick coarsely. */
const SETTLED_MS = 100;

export class FileMemory {
  readonly #db: Queryable;
  readonly #clock: Clock;
  readonly #parsed = new Map<string, Parsed>();
  /** path -> what its status was when its content had this hash. */
  readonly #contents = new Map<string, { readonly status: string; readonly hash: string }>();
  readonly #saves: GroupCommit<Kept, undefined>;
  #parsedBy = '';

  constructor(db: Queryable, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#saves = new GroupCommit((kept) => this.#save(kept));
  }

  get size(): number {
    return this.#parsed.size;
  }

  /** Takes what was left by a processor that would have come to the same result. */
  async load(parsedBy: string, folderOf: (bundleName: string) => string | null): Promise<void> {
    this.#parsedBy = parsedBy;
    for (const { bundleName, filePath, inputs, inputsHash } of await listParsedFiles(this.#db, parsedBy)) {
      const folder = folderOf(bundleName);
      if (folder !== null)
        this.#parsed.set(join(folder, filePath), { inputs: inputs.map((path) => lengthen(folder, path)), hash: inputsHash });
    }
  }

  isUnchanged(file: string, folder: string): boolean {
    const parsed = this.#parsed.get(file);
    return parsed !== undefined && this.hashOf(parsed.inputs, folder) === parsed.hash;
  }

  /** The DAG files that this one went into. */
  usersOf(path: string): readonly string[] {
    return [...this.#parsed].filter(([, parsed]) => parsed.inputs.includes(path)).map(([file]) => file);
  }

  /** `inputs` begin with the file itself. False when it cannot be read any more. */
  remember(file: string, folder: string, inputs: readonly string[]): boolean {
    const hash = this.hashOf(inputs, folder);
    if (hash === null) return false;
    this.#parsed.set(file, { inputs, hash });
    return true;
  }

  /** Over a restart. Losing it costs a parse. */
  async keep(file: string, of: FileOfBundle & { readonly folder: string }, dagIds: readonly string[]): Promise<void> {
    const parsed = this.#parsed.get(file);
    if (parsed !== undefined) await this.#saves.add({ ...of, parsed, dagIds });
  }

  async forget(file: string, of: FileOfBundle): Promise<void> {
    this.#parsed.delete(file);
    await forgetParsedFile(this.#db, of);
  }

  /** sha256 over the contents; null when the first, the DAG file itself, cannot be read. */
  hashOf(inputs: readonly string[], folder: string): string | null {
    const hash = createHash('sha256');
    for (const [index, path] of inputs.entries()) {
      const content = this.#contentHash(path);
      if (content === null && index === 0) return null;
      // What a DAG names and is not there yet: when it comes, the DAG is read again.
      hash.update(JSON.stringify([shorten(folder, path), content]));
    }
    return hash.digest('hex');
  }

  #contentHash(path: string): string | null {
    try {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (stats === undefined) return null;
      const status = `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
      const known = this.#contents.get(path);
      if (known?.status === status) return known.hash;
      const content = readDagFile(path);
      if (content === null) return null;
      const hash = createHash('sha256').update(content).digest('base64');
      if (this.#clock.now() - Number(stats.ctimeMs) > SETTLED_MS) this.#contents.set(path, { status, hash });
      return hash;
    } catch {
      return null;
    }
  }

  async #save(kept: readonly Kept[]): Promise<readonly undefined[]> {
    const last = [...new Map(kept.map((one) => [JSON.stringify([one.bundleName, one.filePath]), one])).values()];
    await saveParsedFiles(
      this.#db,
      this.#parsedBy,
      last.map(({ bundleName, filePath, folder, parsed, dagIds }) => ({
        bundleName,
        filePath,
        inputsHash: parsed.hash,
        inputs: parsed.inputs.map((path) => shorten(folder, path)),
        dagIds,
      })),
    );
    return kept.map(() => undefined);
  }
}

/** Below the bundle's folder relative to it: a repository is checked out elsewhere each time. */
function shorten(folder: string, path: string): string {
  const inside = relative(folder, path);
  return inside.startsWith('..') ? path : inside;
}

function lengthen(folder: string, path: string): string {
  return path.startsWith('/') ? path : join(folder, path);
}
