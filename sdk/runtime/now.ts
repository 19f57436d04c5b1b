/** The worker's own time, for decisions that a body makes. */
export function now(): Date {
  return new Date();
}
