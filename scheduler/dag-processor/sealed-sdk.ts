/** The sdk's modules, and DAG bundles that import them, in the form that sealed realms run: CommonJS, without `import()`. */
import { transform } from 'esbuild';
import type { SdkModules } from '#platform/sdk-bundle.ts';
import { SDK_FOLDER } from '#platform/sdk-bundle.ts';
import { BANNER, whileBundling } from './bundle.ts';
import { DESCRIBE_MODULE, type SdkOutside } from './sdk-outside.ts';

export interface SealedCode {
  readonly code: string;
  /** What it requires, as it says it. */
  readonly requires: readonly string[];
}

export interface SealedFile extends SealedCode {
  /** Paths of the modules of the sdk that it may come to need. */
  readonly modules: readonly string[];
  /** Modules of Node, or of packages with compiled parts, that it or they name. */
  readonly others: readonly string[];
}

const REQUIRE = /\brequire\("([^"]+)"\)/g;
/** Where its file lies is a thing that only a process of its own can say. */
const NOT_HERE = /\bimport\.meta\b/;
const MAP_START = '\n//# sourceMappingURL=';

export class SealedSdk {
  readonly hash: string;
  readonly #modules: SdkModules;
  readonly #sealed = new Map<string, Promise<SealedCode>>();
  readonly #needs = new Map<string, Promise<ReadonlySet<string>>>();

  constructor({ hash, modules }: Pick<SdkOutside, 'hash' | 'modules'>) {
    this.hash = hash;
    this.#modules = modules;
  }

  /** Null: only a process of its own can run it. */
  async seal(bundleCode: string): Promise<SealedFile | null> {
    const text = bare(bundleCode);
    if (NOT_HERE.test(text)) return null;
    const made = await toCommonJs(text).catch(() => null);
    if (made === null) return null;
    const entries = [...made.requires, `./${SDK_FOLDER}/${DESCRIBE_MODULE}`].filter((name) => name.startsWith(`./${SDK_FOLDER}/`));
    const modules = new Set<string>();
    for (const entry of entries) for (const path of await this.#needsOf(entry.slice(2))) modules.add(path);
    const others = new Set(made.requires.filter((name) => !name.startsWith('./')));
    for (const path of modules) for (const name of (await this.code(path)).requires) if (!name.startsWith('.')) others.add(name);
    return { ...made, modules: [...modules], others: [...others] };
  }

  /** Of a path that `seal` named. */
  code(path: string): Promise<SealedCode> {
    const known = this.#sealed.get(path);
    if (known !== undefined) return known;
    const made = toCommonJs(bare(this.#modules[path.slice(SDK_FOLDER.length + 1)] ?? ''));
    this.#sealed.set(path, made);
    return made;
  }

  #needsOf(entry: string): Promise<ReadonlySet<string>> {
    const known = this.#needs.get(entry);
    if (known !== undefined) return known;
    const found = this.#walk(entry);
    this.#needs.set(entry, found);
    return found;
  }

  async #walk(entry: string): Promise<ReadonlySet<string>> {
    const seen = new Set([entry]);
    for (const path of seen) {
      const folder = path.slice(0, path.lastIndexOf('/') + 1);
      for (const name of (await this.code(path)).requires)
        if (name.startsWith('.')) seen.add(new URL(name, `file:///${folder}`).pathname.slice(1));
    }
    return seen;
  }
}

function bare(code: string): string {
  const cut = code.lastIndexOf(MAP_START);
  const text = cut < 0 ? code : code.slice(0, cut);
  return text.startsWith(BANNER) ? text.slice(BANNER.length) : text;
}

async function toCommonJs(text: string): Promise<SealedCode> {
  const { code } = await whileBundling(() =>
    transform(text, {
      format: 'cjs',
      platform: 'node',
      target: 'node24',
      // `import()` becomes a promise of require: the realm has no loader.
      supported: { 'dynamic-import': false },
      minifyWhitespace: true,
      charset: 'utf8',
      logLevel: 'silent',
    }),
  );
  return { code, requires: [...new Set([...code.matchAll(REQUIRE)].map((match) => match[1] as string))] };
}
