/** Runs a task's in-line checks on its result. All are run, so that one failure does not hide another. */
import type { BodyResult, CheckResult } from '#core/task-protocol.ts';
import type { TaskDefinition } from '../definition.ts';
import { reportOf } from './body-error.ts';

/** Looked up by identity: whatever a body throws may be asked about, also a hostile Proxy. */
const found = new WeakMap<object, readonly CheckResult[]>();

/** Fails the try, and says what every check found. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
  constructor(checks: readonly CheckResult[], cause: unknown) {
    const failed = checks.filter((check) => !check.passed);
    const said = failed.map(({ name, message }) => ({ name: `"${name}"`, why: message === null ? '' : `: ${message}` }));
    const [first] = said;
    super(
      failed.length === 1
        ? `Check ${first?.name} failed${first?.why}`
        : `${failed.length} of ${checks.length} checks failed: ${said.map(({ name, why }) => name + why).join('; ')}`,
      { cause },
    );
    found.set(this, checks);
  }
}

/** Rejects with CheckFailed when one returns false or a text, or throws (a Fatal that it threw stays one: it is the cause). */
export async function runChecks(task: TaskDefinition, returned: unknown): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  let cause: unknown;
  for (const { name, run } of task.settings.checks) {
    try {
      const verdict = await run(returned);
      const passed = verdict !== false && typeof verdict !== 'string';
      results.push({ name, passed, message: typeof verdict === 'string' ? verdict : null });
    } catch (thrown) {
      cause ??= thrown;
      results.push({ name, passed: false, message: reportOf(thrown).message });
    }
  }
  if (results.some((check) => !check.passed)) throw new CheckFailed(results, cause);
  return results;
}

/** What the checks found goes with the failure that they caused. */
export function withChecks(result: BodyResult, thrown: unknown): BodyResult {
  const checks = found.get(thrown as object);
  return result.outcome === 'failed' && checks !== undefined ? { ...result, checks } : result;
}
