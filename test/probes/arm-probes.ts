/**
 * Preloaded (`node --import`) into a process of Windlass that a test starts: makes its probes dangerous. A probe is armed
 * by a file `armed/<probe>` that says what is to happen; the first process that gets there takes the file (a rename is
 * one process's alone), and its name `reached/<probe>.<pid>` is the proof that it was there.
 */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { handleProbes } from '#platform/probes/probe.ts';

/** note: nothing happens but that it is known. */
export type ProbeAction = 'kill' | 'pause' | 'throw' | 'note';

const folder = process.env['PROBE_FOLDER'];
// The thread that writes logs is preloaded too.
if (folder !== undefined && isMainThread)
  handleProbes((name) => {
    const armed = join(folder, 'armed', name);
    if (!existsSync(armed)) return;
    const reached = join(folder, 'reached', `${name}.${process.pid}`);
    try {
      renameSync(armed, reached);
    } catch {
      return; // Another process was faster.
    }
    const action = readFileSync(reached, 'utf8') as ProbeAction;
    if (action === 'note') return;
    if (action === 'throw') throw new Error(`the test lets it fail at ${name}`);
    // Both come before the next line: a signal to oneself is there when the call returns.
    process.kill(process.pid, action === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  });
