/** The one form of every refusal of both web applications: what was wrong, a stable code, and what to do next. */
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '#core/errors.ts';

/** By status: the detail says what was wrong here, this says where to go from here. */
const NEXT_STEPS: Readonly<Record<number, string>> = {
  400: 'Change the request as the detail says, and send it again.',
  401: 'Log in, or send "Authorization: Bearer <token>"; POST /auth/token of the web server gives a token.',
  403: 'Log in as somebody with the role that is named, or ask an admin for it.',
  404: 'Check the ids in the address. The list one level above names those that exist.',
  408: 'Send it again; a large body needs a faster line.',
  409: 'Read it again with GET, and decide by what is there now.',
  413: 'Send less at once, or where the data is instead of the data.',
  414: 'Shorten the address: no id has more than 250 characters.',
  415: 'Send "Content-Type: application/json" and a JSON body.',
  422: 'Mend the fields that the detail names, and send it again. GET /openapi.json describes them.',
  429: 'Wait, as long as the header Retry-After says if there is one, and try again.',
  431: 'Send large values in the body.',
  500: "Look in the server's own log for this request; it is not your fault.",
  503: 'Try again in a moment; GET /api/v2/monitor/health says what is missing.',
};

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'REQUEST_TIMEOUT',
  409: 'CONFLICT',
  413: 'BODY_TOO_LARGE',
  414: 'ADDRESS_TOO_LONG',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  422: 'VALIDATION',
  429: 'TOO_MANY_REQUESTS',
  431: 'HEADERS_TOO_LARGE',
  503: 'DATABASE_UNAVAILABLE',
};

const fieldProblem = z.strictObject({ loc: z.array(z.union([z.string(), z.int()])), msg: z.string(), type: z.string() });

export const problemSchema = z
  .strictObject({
    detail: z
      .union([z.string(), z.array(fieldProblem), z.record(z.string(), z.unknown())])
      .describe('What was wrong: a sentence, or each wrong field, or what stands in the way.'),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]).describe('Stable; for programs.'),
    next: z.string().describe('What to do next.'),
    title: z.string().optional(),
    status: z.int().optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem' });

/** The code of a refusal that names only its status. */
export const codeOfStatus = (status: number): ErrorCode => CODES[status] ?? (status < 500 ? 'BAD_REQUEST' : 'INTERNAL');

/** What to do after an answer with this status. */
export function nextStep(status: number): string {
  return NEXT_STEPS[status] ?? (status < 500 ? (NEXT_STEPS[400] as string) : (NEXT_STEPS[500] as string));
}
