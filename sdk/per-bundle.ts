/** What modules of the sdk remember of the bundle that is imported: a task process may import several, one after another. */
import { BUNDLE_BEGINS } from './brands.ts';

/**
 * A value that each bundle gets anew. Whoever is asked while a bundle is imported gives that bundle's, so hold on to it. A process that
 * imports several has a set of functions on globalThis, which it calls before each; elsewhere there is one bundle.
 */
export function perBundle<Value>(make: () => Value): () => Value {
  let value = make();
  const begins = (globalThis as Record<symbol, unknown>)[BUNDLE_BEGINS];
  if (begins instanceof Set)
    begins.add(() => {
      value = make();
    });
  return () => value;
}
