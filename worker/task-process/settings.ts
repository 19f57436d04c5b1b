/** What a supervisor tells a task process on its command line, and which file descriptors they share. */

/** Messages both ways, JSON lines. */
export const CHANNEL_FD = 3;
/** Supervisor -> watchdog: "<ms>" = live that long, "off" = nothing runs. Its end means that the supervisor is gone. */
export const WATCHDOG_FD = 4;

export interface TaskProcessSettings {
  readonly xcomMaxBytes: number;
}
