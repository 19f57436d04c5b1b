/** How an attempt can end, and how the death of a process is said in words. */
import type { BodyResult, ErrorReport } from '#core/task-protocol.ts';
import type { ProcessExit } from '../task-process.ts';

export type Ending =
  /** The body said how it ended; `ends` = and its process ends, too; `passedOn` = its process runs the next of its hand already. */
  | {
      readonly kind: 'result';
      readonly result: BodyResult;
      readonly ends?: boolean;
      readonly passedOn?: boolean;
      /** By the word of the process. */
      readonly ranMs?: number | null;
    }
  /** The process ended without a result. */
  | { readonly kind: 'crashed'; readonly exit: ProcessExit; readonly stderrTail: string; readonly memoryMb: number }
  | { readonly kind: 'timed_out'; readonly limitMs: number }
  /** `processes`: it and those it has started, together. */
  | { readonly kind: 'memory_exceeded'; readonly usedBytes: number; readonly limitMb: number; readonly processes: number }
  | { readonly kind: 'too_many_processes'; readonly limit: number }
  | { readonly kind: 'oversized_message'; readonly limitBytes: number }
  /** What it said is no message: it cannot be trusted to say its result either. */
  | { readonly kind: 'garbled_message' }
  /** The worker stops; `begun` = the body had started. */
  | { readonly kind: 'stopped'; readonly begun: boolean; readonly reason: string }
  /** It could not be prepared, and no other worker could either (its code is gone). */
  | { readonly kind: 'unrunnable'; readonly error: ErrorReport }
  /** Postgres failed us before the body began: somebody else may try, at no cost. */
  | { readonly kind: 'not_prepared'; readonly reason: string }
  /** The worker itself stumbled while the body ran: nobody will hear how it ends. */
  | { readonly kind: 'worker_failed'; readonly reason: string }
  /** Fenced off: nothing may be written. */
  | { readonly kind: 'lease_lost'; readonly reason: string; readonly graceMs: number };

export interface Explanation {
  /** One line, in words, with the next step where there is one. */
  readonly reason: string;
  readonly error: ErrorReport;
}

const HEAP_EXHAUSTED = /JavaScript heap out of memory|Reached heap limit|Ineffective mark-compacts/;

/** Says why a process that gave no result is gone. */
export function explainCrash(ending: Extract<Ending, { kind: 'crashed' }>): Explanation {
  const { exit, stderrTail, memoryMb } = ending;
  if (exit.spawnError !== null) return explain('ProcessStartFailed', `the task process could not be started: ${exit.spawnError}`);
  if (HEAP_EXHAUSTED.test(stderrTail))
    return explain(
      'OutOfMemory',
      `out of memory: the heap limit of ${memoryMb} MB was reached. Raise WINDLASS_TASK_MEMORY_MB or work in smaller pieces`,
      stderrTail,
    );
  if (exit.signal === 'SIGKILL')
    return explain(
      'ProcessKilled',
      'the task process was killed by SIGKILL: the machine ran out of memory, or somebody killed it',
      stderrTail,
    );
  if (exit.signal !== null) return explain('ProcessKilled', `the task process was killed by ${exit.signal}`, stderrTail);
  if (exit.code === 0)
    return explain(
      'NoResult',
      'the task process exited with code 0 but without a result: the body, or something it uses, called process.exit()',
    );
  return explain('ProcessExited', `the task process exited with code ${exit.code} without a result`, stderrTail);
}

export function explain(name: string, reason: string, stack = ''): Explanation {
  return { reason, error: { name, message: reason, stack } };
}
