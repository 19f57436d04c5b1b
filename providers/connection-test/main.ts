/**
 * A caged process that tries one connection and says what it found. Started by platform/connection-test, it has no environment, may read only
 * the installation and the files that the connection names, and is killed when it takes too long.
 */
import { Socket } from 'node:net';
import { JsonLineReader } from '#core/json-lines.ts';
import type { Connection } from '#sdk/context.ts';
import { testConnection } from './test-connection.ts';

const CHANNEL_FD = 3;
const MESSAGE_CHARS_MAX = 2 * 1024 * 1024;

const channel = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
const reader = new JsonLineReader(MESSAGE_CHARS_MAX, {
  onValue: (value) => {
    void testConnection(value as Connection).then((found) => channel.end(`${JSON.stringify(found)}\n`, () => process.exit(0)));
  },
  onGarbage: () => process.exit(1),
  onOverflow: () => process.exit(1),
});
channel.setEncoding('utf8');
channel.on('data', (chunk: string) => reader.push(chunk));
