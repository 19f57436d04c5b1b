/**
 * POST /webhooks/{name}: starts a run for whoever signs with the webhook's secret; the JSON body is the params. A webhook is a connection of
 * type "webhook": the password is its secret, the schema its DAG. The same request sent again leads to the same run.
 */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { refuseRunType } from '#core/run-types.ts';
import { ParamsCheck } from '#platform/params-check.ts';
import type { Connection } from '#platform/secrets/connection.ts';
import { ProblemError } from '../http/problem.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import { checkSignature, SIGNATURE_SCHEMES, type SignatureRule, type SignatureScheme } from '../http/webhook-signature.ts';
import * as adminAnswers from './answers/admin.ts';
import { requireDagRun } from './lookups.ts';
import { createRun, ringRun, triggerableDag } from './trigger.ts';

const webhookPath = z.object({ webhook_name: z.string().refine(isKey, 'letters, digits and _ . - (at most 250)') });
const webhookBody = z.record(z.string(), z.unknown());

const WINDOW_MS = 5 * 60_000;
const WINDOW_MAX_MS = 60 * 60_000;
const SECRET_CHARS_MIN = 16;
const CALLS_PER_MINUTE = 600;
/** Of the signature in the run's id. */
const ID_CHARS = 32;

export function webhookRoutes(deps: WebDeps): readonly Route[] {
  const paramsCheck = new ParamsCheck();
  return [
    route({
      method: 'POST',
      url: '/api/v2/webhooks/:webhook_name',
      // The signature is what lets in.
      permission: 'public',
      audit: 'webhook.call',
      status: 202,
      keepsRawBody: true,
      rateLimitPerMinute: CALLS_PER_MINUTE,
      summary: 'Start a run by a signed request; the body is its params. The same request again leads to the same run.',
      response: adminAnswers.webhookCall,
      params: webhookPath,
      body: webhookBody,
      async handle({ db, params, body, request, audit, afterCommit }) {
        const { dagId, rule } = await webhookOf(deps, params.webhook_name);
        const signature = checkSignature(
          { headers: request.headers, body: request.rawBody?.() ?? new Uint8Array() },
          rule,
          deps.clock.now(),
        );
        const dag = await triggerableDag(db, dagId);
        refuseRunType(dag.dag_id, dag.head, 'manual');
        paramsCheck.check({ key: dag.version_id, schema: dag.head.paramsSchema, params: { ...dag.head.paramsDefaults, ...body } });
        const runId = `webhook__${params.webhook_name}__${signature.slice(0, ID_CHARS)}`;
        const isNew = await createRun(
          db,
          deps,
          dag,
          { dag_run_id: runId, logical_date: null, conf: body },
          {
            runType: 'manual',
            triggeredBy: 'rest_api',
            username: `webhook:${params.webhook_name}`,
          },
        ).then(
          () => true,
          (error: unknown) => {
            // Sent again: the run is there.
            if (error instanceof ProblemError) return false;
            throw error;
          },
        );
        if (isNew) {
          audit({ dagId, runId, extra: { webhook: params.webhook_name, conf_keys: Object.keys(body) } });
          afterCommit(() => ringRun(deps, dagId, runId));
        }
        const run = await requireDagRun(db, dagId, runId);
        return { dag_id: dagId, dag_run_id: runId, state: run.state, is_new: isNew };
      },
    }),
  ];
}

interface Webhook {
  readonly dagId: string;
  readonly rule: SignatureRule;
}

/** A name that is none is refused as a wrong signature is: nobody finds out which there are. */
async function webhookOf({ secrets, logger }: WebDeps, name: string): Promise<Webhook> {
  const connection = await secrets.connection(name);
  const read = connection?.type === 'webhook' ? readWebhook(connection) : null;
  if (read !== null && 'dagId' in read) return read;
  if (read !== null) logger.warn({ event: 'webhook.misset', webhook: name }, `the webhook is not set up: ${read.problem}`);
  throw new AppError(
    'UNAUTHORIZED',
    'The webhook was not accepted: there is none of this name, or it is not set up (the log of the web server says why).',
  );
}

function readWebhook({ password: secret, schema: dagId, extra }: Connection): Webhook | { readonly problem: string } {
  const scheme = (extra['scheme'] ?? 'windlass') as SignatureScheme;
  const windowMs = extra['window_seconds'] === undefined ? WINDOW_MS : Number(extra['window_seconds']) * 1_000;
  if (secret === null || secret.length < SECRET_CHARS_MIN)
    return { problem: `its password is the secret, and must have at least ${SECRET_CHARS_MIN} characters` };
  if (dagId === null || dagId === '') return { problem: 'its schema names no DAG' };
  if (!SIGNATURE_SCHEMES.includes(scheme)) return { problem: `scheme must be one of ${SIGNATURE_SCHEMES.join(', ')}` };
  if (!(windowMs > 0 && windowMs <= WINDOW_MAX_MS)) return { problem: `window_seconds must be a number up to ${WINDOW_MAX_MS / 1_000}` };
  return { dagId, rule: { secret, scheme, windowMs } };
}
