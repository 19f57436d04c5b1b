/** The child's end of the pipe to its parent: JSON, one message a line. */
import { Socket } from 'node:net';
import { JsonLineReader } from '#core/json-lines.ts';
import { CHANNEL_FD } from '#core/plugin-protocol.ts';

/** The parent is trusted, but no string can be longer than this anyway. */
const LINE_MAX_CHARS = 512 * 1024 * 1024;

/** Held from the start: the file may replace what hangs on `JSON`. */
const { stringify } = JSON;

export interface Channel {
  /** Calls `then` when the operating system has the message. */
  send(message: object, then?: () => void): void;
  /** Lets the process end when nothing else keeps it. */
  unref(): void;
}

/** Opens the channel; the process ends with its parent. */
export function openChannel(onMessage: (message: unknown) => void): Channel {
  const exit = process.exit.bind(process);
  const gone = () => exit(0);
  const socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  const reader = new JsonLineReader(LINE_MAX_CHARS, { onValue: onMessage, onGarbage: gone, onOverflow: gone });
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => reader.push(chunk));
  socket.on('end', gone);
  socket.on('error', gone);
  return {
    send: (message, then = () => {}) => void socket.write(`${stringify(message)}\n`, () => then()),
    unref: () => void socket.unref(),
  };
}
