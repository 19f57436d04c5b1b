/**
 * `.windlassignore` and `.airflowignore`: which files of a folder are no DAG files. Globs as in .gitignore, one a line,
 * in any folder and for all below it: `#` begins a comment, `!` takes back, `/` at the end means folders only; a pattern
 * with a `/` elsewhere counts from the file's own folder, any other matches at every depth. The last match decides.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, matchesGlob, relative } from 'node:path';

const NAMES = ['.airflowignore', '.windlassignore'];

export const IGNORE_FILE_NAMES: ReadonlySet<string> = new Set(NAMES);

interface Rule {
  readonly globs: readonly string[];
  readonly isNegated: boolean;
  readonly onlyFolders: boolean;
}

interface Rules {
  readonly folder: string;
  readonly rules: readonly Rule[];
}

/** The ignore files of one walk; each is read once. */
export class IgnoreFiles {
  readonly #root: string;
  readonly #byFolder = new Map<string, Rules | null>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Tells whether the path, or a folder above it, is ignored. */
  ignores(path: string, isFolder: boolean): boolean {
    const parts = relative(this.#root, path).split('/');
    let current = this.#root;
    for (const [index, part] of parts.entries()) {
      current = join(current, part);
      if (this.#decides(current, isFolder || index < parts.length - 1)) return true;
    }
    return false;
  }

  #decides(path: string, isFolder: boolean): boolean {
    let ignored = false;
    for (const { folder, rules } of this.#above(path)) {
      const inside = relative(folder, path);
      for (const rule of rules)
        if ((isFolder || !rule.onlyFolders) && rule.globs.some((glob) => matchesGlob(inside, glob))) ignored = !rule.isNegated;
    }
    return ignored;
  }

  /** Rules of the folders from the root down to the path's own. */
  #above(path: string): readonly Rules[] {
    const found: Rules[] = [];
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      const rules = this.#of(folder);
      if (rules !== null) found.unshift(rules);
      if (folder === this.#root || dirname(folder) === folder) return found;
    }
  }

  #of(folder: string): Rules | null {
    let rules = this.#byFolder.get(folder);
    if (rules === undefined) {
      const read = NAMES.flatMap((name) => readRules(join(folder, name)));
      rules = read.length === 0 ? null : { folder, rules: read };
      this.#byFolder.set(folder, rules);
    }
    return rules;
  }
}

function readRules(file: string): readonly Rule[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(ruleOf);
}

function ruleOf(line: string): Rule {
  const isNegated = line.startsWith('!');
  const pattern = isNegated ? line.slice(1) : line;
  const onlyFolders = pattern.endsWith('/');
  const text = onlyFolders ? pattern.slice(0, -1) : pattern;
  const isAnchored = text.includes('/');
  const glob = text.replace(/^\//, '');
  return { globs: isAnchored ? [glob] : [glob, `**/${glob}`], isNegated, onlyFolders };
}
