/** The name of a bundle: a hash of what it does. Its source map, which differs from machine to machine, does not count. */
import { createHash } from 'node:crypto';

const MAP_START = '\n//# sourceMappingURL=';

/** Returns sha256, hex, over the code without its inline source map; with the sdk it imports, where that lies beside it. */
export function bundleHash(code: string, sdkHash: string | null = null): string {
  const cut = code.lastIndexOf(MAP_START);
  const hash = createHash('sha256').update(cut < 0 ? code : code.slice(0, cut));
  if (sdkHash !== null) hash.update(`\nsdk ${sdkHash}`);
  return hash.digest('hex');
}
