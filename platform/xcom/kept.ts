/** Whether somebody still refers to what lies in an XCom backend, by the name it has there. */
import type { Kept } from './backend.ts';

const NAME = /(?:^|\/)([0-9a-f]{64})\.(json|arrow)$/;

export function isKept(name: string, { values, frames }: Kept): boolean {
  const [, hash, kind] = NAME.exec(name) ?? [];
  if (hash === undefined) return false;
  return kind === 'json' ? values.has(hash) : frames === null || frames.has(hash);
}
