/** Answers to requests that never reach a route: Node's or Fastify's own refusals, in the shape of all others. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Problem, problemText } from './problem.ts';

const OF_ADDRESS: Readonly<Record<string, Problem>> = {
  FST_ERR_BAD_URL: {
    status: 400,
    detail: 'The address cannot be decoded: a % must be followed by two hexadecimal digits, and the text must be UTF-8.',
  },
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, detail: 'An id in the address is longer than any id can be.' },
};

const OF_CONNECTION: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The address and the headers are too long together. Send large values in the body.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time. Try again.' },
};

const UNREADABLE: Problem = { status: 400, detail: 'This is not a request that HTTP knows. Look for control characters in its headers.' };

/** For Fastify's `frameworkErrors`. */
export function refuseAddress(error: { readonly code: string }, _request: FastifyRequest, reply: FastifyReply): void {
  const problem = OF_ADDRESS[error.code] ?? UNREADABLE;
  reply.code(problem.status).type('application/json').send(problemText(problem));
}

/** For Fastify's `clientErrorHandler`: there is no reply yet, only a socket, which may be gone. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const problem = OF_CONNECTION[error.code ?? ''] ?? UNREADABLE;
  const { status } = problem;
  const body = problemText(problem);
  if (socket.writable)
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  socket.destroySoon();
}
