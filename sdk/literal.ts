import { LITERAL } from './brands.ts';

/** An input that is no template and no file, whatever it looks like: `{ command: literal("echo {{ x }}") }`. */
export function literal<T>(value: T): T {
  return Object.defineProperty({ value }, LITERAL, { value: true }) as unknown as T;
}
