/** A warm round trip to a child process over Node's IPC: what handing a body to a task process cannot be faster than. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { percentile } from '../harness/statistics.ts';

const ECHO = fileURLToPath(new URL('ipc-echo.ts', import.meta.url));
const ROUND_TRIPS = 2_000;
const MESSAGE = { type: 'run', context: { dagId: 'bench', taskId: 'task', tryNumber: 1, params: {} }, inputs: {} };

export interface RawIpc {
  readonly roundTripP50Us: number;
  readonly roundTripP99Us: number;
}

export async function measureIpc(): Promise<RawIpc> {
  const child = fork(ECHO, { serialization: 'json' });
  try {
    await next(child);
    const times: number[] = [];
    for (let index = 0; index < ROUND_TRIPS; index++) {
      const begun = performance.now();
      const answer = next(child);
      child.send(MESSAGE);
      await answer;
      times.push((performance.now() - begun) * 1000);
    }
    const warm = times.slice(ROUND_TRIPS / 4);
    return { roundTripP50Us: percentile(warm, 0.5), roundTripP99Us: percentile(warm, 0.99) };
  } finally {
    child.kill();
  }
}

function next(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('message', resolve));
}
