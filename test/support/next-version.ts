/** The next release, for tests of upgrades: the same sources with their version constants raised while they are loaded. */
import type { MemberOptions } from './fleet.ts';

/** Another wire form everywhere, and another language of specs. */
const NEXT = {
  'platform/broker/payload.ts': [['const VERSION = 1;', 'const VERSION = 2;']],
  'platform/broker/message-wire.ts': [['const VERSION = 1;', 'const VERSION = 2;']],
  'core/dag-spec.ts': [['export const SPEC_VERSION = 1;', 'export const SPEC_VERSION = 2 as 1;']],
  // It reads the specs of the release before it.
  'core/validate-spec.ts': [['value === SPEC_VERSION', '(value as number) <= SPEC_VERSION']],
};

/** A process of it. `changes`: to other texts than those. */
export function nextVersion(changes: Readonly<Record<string, readonly (readonly [string, string])[]>> = NEXT as never): MemberOptions {
  return {
    preload: [new URL('./other-version.mjs', import.meta.url).href],
    environment: { TEST_OTHER_VERSION: JSON.stringify(changes) },
  };
}
