/** The supervisor's end of the conversation with a task process, who is a stranger: whatever he says, this process goes on. */
import type { Duplex } from 'node:stream';
import { JsonLineReader } from '#core/json-lines.ts';
import type { FromTaskProcess } from '#core/task-protocol.ts';
import { parseFromTaskProcess } from './validate-message.ts';

export interface MessageReader {
  /** A piece was read, whole messages or not. */
  readonly onPiece: () => void;
  readonly onMessage: (message: FromTaskProcess) => void;
  /** It is no message of the protocol. */
  readonly onGarbled: () => void;
  /** It is longer than it may be; nothing more is read. */
  readonly onOversized: () => void;
}

/** `pipe`: null when the process could not be started. */
export function readMessages(pipe: Duplex | null, limitChars: number, { onPiece, onMessage, onGarbled, onOversized }: MessageReader): void {
  const reader = new JsonLineReader(limitChars, {
    onValue: (value) => {
      try {
        const message = parseFromTaskProcess(value);
        if (message === null) onGarbled();
        else onMessage(message);
      } catch {
        // Nested so deep that whoever walks it runs out of stack.
        onGarbled();
      }
    },
    onGarbage: onGarbled,
    onOverflow: onOversized,
  });
  pipe?.setEncoding('utf8');
  pipe?.on('data', (chunk: string) => {
    onPiece();
    reader.push(chunk);
  });
  pipe?.on('error', () => {});
}
