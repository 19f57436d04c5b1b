/** A web server for tests: the whole app over a database of its own, spoken to with inject (no port). */
import type { FastifyInstance, InjectOptions } from 'fastify';
import type { Role } from '#platform/auth/roles.ts';
import { createUser, issueToken } from '#platform/auth/users.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { quietLogger } from '#platform/logger.ts';
import { openSecretStore } from '#platform/secrets/secret-store.ts';
import { answerCheck } from '#test/support/answer-check.ts';
import { startBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase } from '#test/support/postgres.ts';
import { buildApp } from '../../webserver/app.ts';
import type { WebDeps } from '../../webserver/http/route.ts';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of any shape.
  readonly json: any;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
}

export interface Harness {
  readonly app: FastifyInstance;
  readonly db: Database;
  readonly broker: Broker;
  readonly config: Config;
  readonly deps: WebDeps;
  /** A request with the role's bearer token (admin by default; null = anonymous). Throws when the answer is not as the OpenAPI document says. */
  request(method: string, url: string, options?: { body?: unknown; role?: Role | null; headers?: Record<string, string> }): Promise<Answer>;
  stop(): Promise<void>;
}

export const PASSWORD = 'correct horse battery';

export async function startHarness(overrides: Partial<Config> = {}): Promise<Harness> {
  const database = await createDatabase();
  const { db } = database;
  const testBroker = await startBroker(database);
  const config = testConfig({ ...testBroker.settings, ...overrides });
  const logger = quietLogger();
  const broker = await testBroker.open();
  const deps: WebDeps = { config, db, broker, clock: systemClock, logger, secrets: openSecretStore({ config, db }) };
  const app = await buildApp(deps);
  const check = answerCheck((await app.inject('/openapi.json')).json());
  const tokens = new Map<Role, string>();
  for (const role of ['admin', 'op', 'user', 'viewer'] as const) {
    await createUser(db, { username: role, password: PASSWORD, role });
    tokens.set(role, (await issueToken(db, { username: role, kind: 'api', ttlMs: 3_600_000 })).token);
  }
  return {
    app,
    db,
    broker,
    config,
    deps,
    async request(method, url, options = {}) {
      const role = options.role === undefined ? 'admin' : options.role;
      const response = await app.inject({
        method: method as NonNullable<InjectOptions['method']>,
        url,
        headers: { ...(role !== null && { authorization: `Bearer ${tokens.get(role)}` }), ...options.headers },
        ...(options.body !== undefined && { payload: options.body as object }),
      });
      const answer = { status: response.statusCode, json: parse(response.body), text: response.body, headers: response.headers };
      check(method, url, answer);
      return answer;
    },
    async stop() {
      await app.close();
      await testBroker.stop();
      await database.drop();
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
