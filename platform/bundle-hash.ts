/** The name of a bundle: a hash of what it does. Its source map, which differs from machine to machine, does not count. */
import { createHash } from 'node:crypto';

const MAP_START = '\n//# sourceMappingURL=';

/** Returns sha256, hex, over the code without its inline source map. */
export function bundleHash(code: string): string {
  const cut = code.lastIndexOf(MAP_START);
  return createHash('sha256')
    .update(cut < 0 ? code : code.slice(0, cut))
    .digest('hex');
}
