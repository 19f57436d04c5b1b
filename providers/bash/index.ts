/** `windlass/providers/bash`: shell commands as tasks, and as what a sensor waits for. */
export { type BashInput, type BashResult, bash } from './bash.ts';
export { type BashSucceedsOptions, bashSucceeds } from './bash-succeeds.ts';
export { runShell, type ShellOptions, type ShellOutcome } from './run-shell.ts';
