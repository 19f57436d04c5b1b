import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * A package that most processes never use is loaded by the first call that needs it: to load one costs every start tens of
 * milliseconds of processor time and some memory for as long as the process lives. Name it in an `import type` beside, too.
 */
export function lazyPackage<Module>(name: string): () => Module {
  return () => require(name) as Module;
}
