/** Keeps a body from ending its worker by mistake. Where tasks have a user of their own, the system refuses such signals too. */

/** Replaces `process.kill`: not to its worker, nor to its worker's group, nor to everybody (-1). */
export function forbidSignals(target: { kill: typeof process.kill; readonly ppid: number }): void {
  const kill = target.kill.bind(target);
  const forbidden: readonly number[] = [-1, target.ppid, -target.ppid];
  target.kill = (pid, signal) => {
    // Signal 0 only asks whether somebody is there.
    if (forbidden.includes(Number(pid)) && signal !== 0)
      throw new Error(
        `A task must not send signals to its worker or to everybody (process.kill(${pid})). Signal a process that it started.`,
      );
    return kill(pid, signal);
  };
}
