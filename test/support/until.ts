/** Waiting in tests: for a condition, with a deadline, never for a time. */

export interface UntilOptions {
  readonly deadlineMs?: number;
  /** What is waited for, in words: it is the failure's message. */
  readonly what: string;
  readonly pollMs?: number;
}

/** Polls until `condition` gives something truthy, and returns it. Its last error is the cause of the failure. */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Exclude<T, false | null | undefined | '' | 0>> {
  const deadlineMs = options.deadlineMs ?? 10_000;
  const deadline = performance.now() + deadlineMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | null | undefined | '' | 0>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) throw new Error(`Not within ${deadlineMs} ms: ${options.what}`, { cause: lastError });
    await new Promise((resolve) => setTimeout(resolve, options.pollMs ?? 20));
  }
}
