/** `windlass/providers/bash`: shell commands as tasks. */
export { type BashInput, type BashResult, bash } from './bash.ts';
export { runShell, type ShellOptions, type ShellOutcome } from './run-shell.ts';
