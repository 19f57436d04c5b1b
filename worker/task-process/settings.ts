/** What a supervisor tells a task process on its command line, and which file descriptors they share. */

/** Messages both ways, JSON lines. */
export const CHANNEL_FD = 3;
/** Supervisor -> watchdog: "<ms>" = live that long, "off" = nothing runs. Its end means that the supervisor is gone. */
export const WATCHDOG_FD = 4;

/** Of attempts that wait in the process behind another: a token each, in a file (see hand.ts). */
export const HAND_FD = 5;
export const TOKEN_BYTES = 4;

export interface TaskProcessSettings {
  readonly xcomMaxBytes: number;
}
