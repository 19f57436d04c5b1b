/** What a supervisor tells a task process on its command line, and which file descriptors they share. */

/** Messages both ways, JSON lines. */
export const CHANNEL_FD = 3;
/** Supervisor -> watchdog: "<ms>" = live that long, "off" = nothing runs. Its end means that the supervisor is gone. */
export const WATCHDOG_FD = 4;

export interface TaskProcessSettings {
  /** Written to stdout and stderr, followed by the attempt id, when a body has ended: all of its output lies before. */
  readonly outputMarker: string;
  readonly xcomMaxBytes: number;
}

/** The line that ends the output of an attempt. */
export function markerLine(outputMarker: string, attemptId: string): string {
  return `${outputMarker}:${attemptId}`;
}
