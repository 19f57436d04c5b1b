/**
 * What is put into a sealed realm before a stranger's file: `sealRealm` is never called here, its text is run in the realm.
 * A realm has what the language has, and nothing of Node: whatever a file wants beyond that, also just to look whether it is
 * there, marks it as one for a process of its own (`wants`), and its answer counts no more.
 *
 * No object of this process ever enters: what goes in are texts, what comes out is a text.
 */

export interface SealedRealm {
  /** Adds modules of the sdk: an object of path -> function, made in this realm. */
  add(modules: object): void;
  /** Runs a file, a function made in this realm. Node's modules are given as JSON: name -> names of its exports. */
  start(file: object, builtins: string, defaults: string): void;
  /** JSON of what came of it; empty as long as nothing has. */
  take(): string;
}

/** `names` are Node's globals, `environment` what a caged process sees: JSON. `userAgent` is what packages recognise Node by. */
export function sealRealm(names: string, environment: string, userAgent: string): SealedRealm {
  const { parse, stringify } = JSON;
  const { defineProperty, keys, create } = Object;
  const own = globalThis as Record<PropertyKey, unknown>;
  const modules: Record<string, (exports: object, require: (name: string) => unknown, module: object) => void> = create(null);
  const loaded: Record<string, { exports: object }> = create(null);
  let builtins: Record<string, readonly string[]> = create(null);
  let wanted: string | null = null;
  let answer = '';

  const want = (what: string): never => {
    wanted ??= what;
    throw new Error(`${what} is not here`);
  };
  const refusing = (what: string, target: object): ProxyHandler<object> => ({
    get: (_, key) => (key in target ? (target as Record<PropertyKey, unknown>)[key] : want(`${what}.${String(key)}`)),
    set: (_, key) => want(`${what}.${String(key)}`),
    has: (_, key) => want(`${what}.${String(key)}`),
    ownKeys: () => want(what),
    defineProperty: () => want(what),
    deleteProperty: () => want(what),
  });

  let lines = 0;
  const LINES_MAX = 100;
  const print = () => {
    if (++lines > LINES_MAX) want('console');
  };
  const variables = parse(environment) as object;
  const given: Record<string, unknown> = {
    global: own,
    navigator: new Proxy({}, refusing('navigator', { userAgent })),
    console: new Proxy({}, refusing('console', { log: print, info: print, warn: print, error: print, debug: print })),
    process: new Proxy(
      {},
      refusing('process', {
        env: new Proxy(variables, {
          set: () => want('process.env'),
          defineProperty: () => want('process.env'),
          deleteProperty: () => want('process.env'),
        }),
      }),
    ),
  };
  for (const name of parse(names) as string[]) {
    // The language's own; but a module of WebAssembly is code made of bytes.
    if (name in own && !(name in given) && name !== 'WebAssembly') continue;
    if (name in given) defineProperty(own, name, { value: given[name], writable: true, configurable: true, enumerable: false });
    else
      defineProperty(own, name, {
        configurable: true,
        enumerable: false,
        get: () => want(name),
        set: (value) => defineProperty(own, name, { value, writable: true, configurable: true, enumerable: true }),
      });
  }
  // Formatting a stack is work of the process outside: there is none to format.
  defineProperty(Error, 'stackTraceLimit', { value: 0, writable: false, configurable: false });
  defineProperty(Error, 'prepareStackTrace', { value: undefined, writable: false, configurable: false });
  defineProperty(own, 'Error', { value: Error, writable: false, configurable: false });
  own[Symbol.for('windlass.sealed-realm')] = true;

  /** Has the names of a module of Node, so that it can be imported; using one is another matter. */
  const absent = (name: string, exported: readonly string[]): object => {
    const module: object = {};
    for (const key of exported) defineProperty(module, key, { enumerable: true, configurable: true, get: () => want(`${name}.${key}`) });
    return module;
  };
  class NoStorage {
    run(_store: unknown, work: (...args: unknown[]) => unknown, ...args: unknown[]): unknown {
      return work(...args);
    }
    getStore(): undefined {
      return undefined;
    }
  }
  const requireIn =
    (folder: string, isOurs: boolean) =>
    (name: string): unknown => {
      if (isOurs && name === 'node:async_hooks') return { AsyncLocalStorage: NoStorage };
      const exported = builtins[name];
      if (exported !== undefined) return absent(name, exported);
      const path = resolvePath(folder, name);
      const known = loaded[path];
      if (known !== undefined) return known.exports;
      const load = modules[path] ?? want(name);
      const module = { exports: {} };
      loaded[path] = module;
      load(module.exports, requireIn(path.slice(0, path.lastIndexOf('/')), true), module);
      return module.exports;
    };
  /** `chunks/a.mjs` and `../index.mjs` -> `index.mjs`. */
  const resolvePath = (folder: string, name: string): string => {
    let at = folder;
    let rest = name;
    for (;;) {
      if (rest.startsWith('./')) rest = rest.slice(2);
      else if (rest.startsWith('../')) {
        rest = rest.slice(3);
        at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      } else return at === '' ? rest : `${at}/${rest}`;
    }
  };

  return {
    add(more) {
      for (const path of keys(more)) modules[path] = (more as typeof modules)[path] as (typeof modules)[string];
    },
    start(file, builtinNames, defaults) {
      try {
        builtins = parse(builtinNames) as typeof builtins;
        own[Symbol.for('windlass.installation-defaults')] = parse(defaults);
        const module = { exports: {} as Record<string, unknown> };
        (file as (typeof modules)[string])(module.exports, requireIn('', false), module);
        const { exports } = module;
        // In the order that a namespace has them.
        const namespace: Record<string, unknown> = create(null);
        for (const key of keys(exports).sort()) namespace[key] = exports[key];
        const { describeDags } = requireIn('', true)('./sdk/describe-dags.mjs') as {
          describeDags(module: object): Promise<readonly string[]>;
        };
        describeDags(namespace).then(
          (specs) => {
            answer = stringify(wanted === null ? { specs } : { wants: wanted });
          },
          () => {
            answer = stringify({ wants: wanted ?? 'its error told' });
          },
        );
      } catch {
        answer = stringify({ wants: wanted ?? 'its error told' });
      }
    },
    take: () => answer,
  };
}
