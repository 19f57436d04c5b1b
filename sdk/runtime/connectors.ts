import { registerHooks } from 'node:module';
import { CONNECTOR_SCHEME } from '#core/connectors.ts';

/** Lets bundles of this process find the connectors of its installation. Call it before one is imported. */
export function registerConnectors(): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith(CONNECTOR_SCHEME)
        ? next(specifier.slice(CONNECTOR_SCHEME.length), { ...context, parentURL: import.meta.url })
        : next(specifier, context),
  });
}
