/** The child's end of the conversation with its supervisor. */
import { Socket } from 'node:net';
import { JsonLineReader } from '#core/json-lines.ts';
import type { FromTaskProcess, ToTaskProcess } from '#core/task-protocol.ts';

/** The supervisor is trusted, but no string can be longer than this anyway. */
const LINE_MAX_CHARS = 512 * 1024 * 1024;

/** Held from the start: a body may replace what hangs on `JSON`. */
const { stringify } = JSON;

export interface Channel {
  /** Resolves when the operating system has the message. */
  send(message: FromTaskProcess): Promise<void>;
}

/** Opens the channel; when the supervisor closes it, `onGone` runs. */
export function openChannel(fd: number, onMessage: (message: ToTaskProcess) => void, onGone: () => void): Channel {
  const socket = new Socket({ fd, readable: true, writable: true });
  const reader = new JsonLineReader(LINE_MAX_CHARS, {
    onValue: (value) => onMessage(value as ToTaskProcess),
    onGarbage: onGone,
    onOverflow: onGone,
  });
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => reader.push(chunk));
  socket.on('end', onGone);
  socket.on('error', onGone);
  return {
    send: (message) => new Promise((resolve) => socket.write(`${stringify(message)}\n`, () => resolve())),
  };
}
