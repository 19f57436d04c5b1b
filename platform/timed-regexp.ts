/**
 * Regular expressions of DAG authors, with a time limit: a pattern that backtracks for ever must not stop the web
 * server. The limit is V8's own (the script is interrupted), not a sandbox: a pattern is no code.
 */
import { createContext, Script } from 'node:vm';
import { AppError } from '#core/errors.ts';

const LIMIT_MS = 250;
const TEST = new Script('new RegExp(pattern, flags).test(text)');

export interface TimedRegExp {
  /** Throws PARAMS_INVALID when the pattern takes too long. */
  test(text: string): boolean;
}

/** What Ajv calls instead of `new RegExp`. Throws SyntaxError on a pattern that is none. */
export function timedRegExp(pattern: string, flags: string): TimedRegExp & { readonly toString: () => string } {
  new RegExp(pattern, flags);
  return {
    toString: () => `/${pattern}/${flags}`,
    test(text) {
      try {
        return TEST.runInContext(createContext({ pattern, flags, text }), { timeout: LIMIT_MS }) as boolean;
      } catch (cause) {
        throw new AppError(
          'PARAMS_INVALID',
          `The pattern ${JSON.stringify(pattern.slice(0, 200))} of the DAG's params takes longer than ${LIMIT_MS} ms to check. Simplify it in the DAG file.`,
          {},
          { cause },
        );
      }
    },
  };
}
timedRegExp.code = 'timedRegExp';
