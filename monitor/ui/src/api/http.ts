/** How this app asks the monitor, and puts its failures in words. */
import { jsonRequest } from '#ui-kit/json-request.ts';
import type { Problem } from '../../../api/types.ts';

export const request = jsonRequest({
  notReached: 'The monitor does not answer. Is it running? Start it: windlass monitor',
  refused: (status, body) => (body as Problem | null)?.detail ?? `The monitor answered ${status}. Its log has the reason.`,
});
