/** POST /events/{name}: an event for tasks that wait for it (`waitForEvent`). Ours: Airflow has nothing like it. */
import { z } from 'zod';
import { isKey } from '#core/ids.ts';
import { insertEvent } from '#platform/db/queries/waiting/insert-event.ts';
import { iso } from '../http/iso.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import { invalidField } from '../http/validation.ts';
import * as adminAnswers from './answers/admin.ts';

const PAYLOAD_MAX_CHARS = 256 * 1024;

const eventPath = z.object({ event_name: z.string().refine(isKey, 'letters, digits and _ . - (at most 250)') });

export function eventRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'POST',
      url: '/api/v2/events/:event_name',
      permission: 'user',
      audit: 'event.send',
      status: 201,
      summary: 'Send an event to the tasks that wait for it, now or later in a run that exists already. The body is the event.',
      response: adminAnswers.sentEvent,
      params: eventPath,
      body: z.json(),
      async handle(context) {
        const { db, params, body, audit, afterCommit } = context;
        if (JSON.stringify(body).length > PAYLOAD_MAX_CHARS)
          throw invalidField(['body'], `An event may have at most ${PAYLOAD_MAX_CHARS / 1024} KiB. Send where the data is.`);
        const event = await insertEvent(db, {
          name: params.event_name,
          payload: body,
          sender: `user:${principalOf(context).username}`,
        });
        audit({ extra: { event: event.name, event_id: event.event_id } });
        afterCommit(() => deps.broker.ring('ui_events', { topics: [`event:${event.name}`] }));
        return { event_id: event.event_id, name: event.name, received_at: iso(event.received_at) };
      },
    }),
  ];
}
