/**
 * How a route is declared. Deny by default: a route names its permission or it does not register (and a
 * structural test walks them all). A route that changes something names its audit action; its handler then
 * runs in one transaction with the audit row.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Role } from '#platform/auth/roles.ts';
import type { Principal } from '#platform/auth/tokens.ts';
import type { Broker } from '#platform/broker/broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database, Queryable } from '#platform/db/client.ts';
import type { Logger } from '#platform/logger.ts';
import type { SecretStore } from '#platform/secrets/secret-store.ts';

/** What every part of the web server is built from. */
export interface WebDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secrets: SecretStore;
}

export type Permission = 'public' | Role;
export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** What the audit log shows of one change, beside who and when. */
export interface AuditSubject {
  readonly dagId?: string;
  readonly runId?: string;
  readonly taskId?: string;
  readonly mapIndex?: number;
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface RouteContext<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Null on public routes without a token. */
  readonly principal: Principal | null;
  /** The transaction of an audited route, the reserved connection of a route that asks for it, else the pool. */
  readonly db: Queryable;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Runs once the transaction is committed: doorbells go here, so that nobody hears of what may roll back. */
  afterCommit(run: () => void): void;
  /** Fills in the audit row. Without a call (a dry run) none is written. */
  audit(subject: AuditSubject): void;
}

export interface RouteDefinition<Params, Query, Body> {
  readonly method: Method;
  readonly url: string;
  readonly permission: Permission;
  readonly summary: string;
  /** Reads on the reserved connection: answered however many requests wait for the others. */
  readonly isReserved?: true;
  /** "dag_run.trigger": present on every route that changes something. */
  readonly audit?: string;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** Content types beside JSON that the body may have. */
  readonly accepts?: readonly string[];
  /** The body as it was sent is at hand too, as `request.rawBody()`: what a signature is over. */
  readonly keepsRawBody?: true;
  readonly rateLimitPerMinute?: number;
  /** Status of a success; 204 sends no body. Default 200. */
  readonly status?: number;
  /** Of a success in JSON, for the document. Every answer of every test is checked against it; nothing is serialised by it. */
  readonly response?: z.ZodType;
  /** Media type -> what it is, where the Accept header can ask for something else. */
  readonly alternatives?: Readonly<Record<string, string>>;
  /** Returns the answer; undefined when it has written to the reply itself. */
  readonly handle: (context: RouteContext<Params, Query, Body>) => unknown;
}

/** A route whose types have been checked at its definition. */
export type Route = RouteDefinition<unknown, unknown, unknown>;

/** Ties the handler's types to the schemas. */
export function route<Params = unknown, Query = unknown, Body = unknown>(definition: RouteDefinition<Params, Query, Body>): Route {
  return definition as unknown as Route;
}

/** The logged-in user; a route above `public` always has one. */
export function principalOf(context: RouteContext<unknown, unknown, unknown>): Principal {
  if (context.principal === null) throw new Error('a public route has no principal');
  return context.principal;
}
