/** What one check of `windlass doctor` found. */
export type Health = 'ok' | 'warning' | 'problem';

export interface Finding {
  readonly check: string;
  readonly health: Health;
  readonly words: string;
  /** What to do; absent when all is well. */
  readonly next?: string;
  /** Who is concerned. */
  readonly details?: readonly string[];
}

export const ok = (check: string, words: string): Finding => ({ check, health: 'ok', words });
export const warning = (check: string, words: string, next: string, details: readonly string[] = []): Finding => ({
  check,
  health: 'warning',
  words,
  next,
  details,
});
export const problem = (check: string, words: string, next: string, details: readonly string[] = []): Finding => ({
  check,
  health: 'problem',
  words,
  next,
  details,
});
