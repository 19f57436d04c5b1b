/**
 * The dead-man switch: a thread of the task process that lives while the supervisor says so. It has its own
 * pipe, so that user code which blocks the main thread can neither stop it nor starve it. When the time is up,
 * or the supervisor is gone, it kills the whole process group.
 */
import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';

const { fd } = workerData as { readonly fd: number };
let timer: NodeJS.Timeout | null = null;
let rest = '';

const pipe = new Socket({ fd, readable: true, writable: false });
pipe.setEncoding('utf8');
pipe.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  const last = lines.at(-1);
  if (last !== undefined) obey(last);
});
pipe.on('end', die);
pipe.on('error', die);

function obey(command: string): void {
  if (timer) clearTimeout(timer);
  timer = null;
  const liveMs = Number(command);
  if (command !== 'off' && Number.isFinite(liveMs)) timer = setTimeout(die, Math.max(0, liveMs));
}

function die(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}
