import { createRequire } from 'node:module';

/** Where `registerConnectors` leaves the place of the installation for bundles, whose own place says nothing. */
export const INSTALLATION = Symbol.for('windlass.installation');

/** The main file of a package of this installation. Throws when it is not installed. */
export function installedPackage(name: string): string {
  const place = (globalThis as { [INSTALLATION]?: string })[INSTALLATION] ?? import.meta.url;
  return createRequire(place).resolve(name);
}
