import { registerHooks } from 'node:module';
import { CONNECTOR_SCHEME } from '#core/connectors.ts';
import { INSTALLATION } from '../installed-package.ts';

/** Lets bundles of this process find the connectors of its installation. Call it before one is imported. */
export function registerConnectors(): void {
  Object.defineProperty(globalThis, INSTALLATION, { value: import.meta.url, configurable: true });
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith(CONNECTOR_SCHEME)
        ? next(specifier.slice(CONNECTOR_SCHEME.length), { ...context, parentURL: import.meta.url })
        : next(specifier, context),
  });
}
