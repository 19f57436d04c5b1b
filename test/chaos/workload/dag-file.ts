/** Writes the plans down as a user would: a DAG file, and the bodies in a module beside it. */
import type { DagPlan } from './plan.ts';

export interface DagFileOptions {
  /** Of the DAG file: it stays when another comes. */
  readonly name: string;
  /** Where bodies write down what they do; no part of Windlass knows it. */
  readonly ledger: string;
  /** Of the DAGs that run by the clock, ms since 1970. */
  readonly startMs: number;
  readonly endMs: number;
}

/** File name in the dags folder -> text. */
export function dagFiles(plans: readonly DagPlan[], { name, ledger, startMs, endMs }: DagFileOptions): Readonly<Record<string, string>> {
  const instant = (ms: number) => JSON.stringify(new Date(ms).toISOString());
  const dags = DAGS.replace('PLANS', JSON.stringify(plans)).replace('START', instant(startMs)).replace('END', instant(endMs));
  return { 'lib/live.ts': BODIES.replace('LEDGER', JSON.stringify(ledger)), [name]: dags };
}

const DAGS = `
import { dag, waitFor } from 'windlass';
import { bodyOf } from './lib/live.ts';

const plans = PLANS;

function optionsOf(plan, refs) {
  return {
    after: plan.after.map((id) => refs.get(id)),
    triggerRule: plan.rule,
    retries: plan.retries,
    retryDelay: plan.retryDelayMs + 'ms',
    pool: plan.pool,
    poolSlots: plan.poolSlots,
  };
}

/** What a task reads of those before it: their results, where its rule lets it start only after they succeeded. */
function inputsOf(plan, plans, refs) {
  const readable = plan.rule !== 'all_success' ? [] : plan.after.filter((id) => ['plain', 'deferring'].includes(plans.get(id).kind));
  return Object.fromEntries(readable.map((id) => [id, refs.get(id)]));
}

const BUILD = {
  plain: (b, plan, inputs, options) => b.task(plan.id, inputs, bodyOf(plan).plain, options),
  list: (b, plan, inputs, options) => b.task(plan.id, inputs, bodyOf(plan).list, options),
  mapped: (b, plan, inputs, options, refs) =>
    b.map(plan.id, plan.over === null ? Array.from({ length: plan.length }, (_, n) => n) : refs.get(plan.over), bodyOf(plan).mapped, options),
  sensor: (b, plan, inputs, options) => b.sensor(plan.id, bodyOf(plan).sensor, { ...options, every: '300ms', timeout: '10m' }),
  deferring: (b, plan, inputs, options) => b.task(plan.id, inputs, bodyOf(plan).deferring, options),
  wait: (b, plan, inputs, { pool, poolSlots, ...options }) => b.sensor(plan.id, waitFor('400ms'), options),
  branch: (b, plan, inputs, options) =>
    b.branch(plan.id, inputs, bodyOf(plan).branch, {
      left: (c) => c.task(plan.id + '_left', bodyOf(plan).leaf, { pool: plan.pool }),
      right: (c) => c.task(plan.id + '_right', bodyOf(plan).leaf, { retries: 1, retryDelay: '100ms' }),
    }, options),
  gate: (b, plan, inputs, options) => b.gate(plan.id, inputs, bodyOf(plan).gate, options),
  empty: (b, plan, inputs, { after, triggerRule }) => b.empty(plan.id, { after, triggerRule }),
};

export const dags = plans.map((plan) =>
  dag(
    plan.dagId,
    {
      schedule: plan.everyMs === null ? null : { every: plan.everyMs + 'ms' },
      startDate: new Date('2026-01-01T00:00:00Z'),
      ...(plan.everyMs === null ? {} : { catchup: 'all', startDate: START, endDate: END }),
      maxActiveRuns: plan.maxActiveRuns,
      maxActiveTasks: plan.maxActiveTasks,
    },
    (b) => {
      const refs = new Map();
      const byId = new Map(plan.tasks.map((task) => [task.id, task]));
      for (const task of plan.tasks) refs.set(task.id, BUILD[task.kind](b, task, inputsOf(task, byId, refs), optionsOf(task, refs), refs));
    },
  ),
);
`;

const BODIES = `
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defer, notYet, Skip, waitFor } from 'windlass';

const ledger = LEDGER;
const BEAT_MS = 100;

/** 0 to 99: the same for the same words. */
function fate(...words) {
  let hash = 2166136261;
  for (const letter of words.join('/')) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0;
  return (hash >>> 8) % 100;
}

/** Whoever stops a body must do it by force: this one listens to nobody, and says so ten times a second. */
async function live(ctx, plan, inputs, end) {
  const token = randomUUID();
  const about = { token, key: ctx.idempotencyKey, dag: ctx.run.dagId, run: ctx.run.id, task: ctx.task.id, map: ctx.task.mapIndex,
    attempt: ctx.task.attempt, pid: process.pid };
  const write = (kind, more) => appendFileSync(ledger, JSON.stringify({ kind, ...about, at: Date.now(), ...more }) + '\\n');
  const saw = Object.fromEntries(Object.entries(inputs).map(([id, value]) => [id, value?.token ?? null]));
  write('start', { saw });
  ctx.log.info('ledger ' + token);
  // A body that is careless with a secret.
  if (plan.kind === 'branch') ctx.log.info('the password is ' + (await ctx.variable('sentinel_password').catch(() => 'not to be had')));
  for (let left = plan.durationMs; left > 0; left -= BEAT_MS) {
    await sleep(Math.min(left, BEAT_MS));
    write('beat');
  }
  const draw = fate(ctx.run.id, ctx.task.id, ctx.task.mapIndex, ctx.task.attempt);
  if (draw < plan.failPercent) {
    write('end', { how: 'fail' });
    throw new Error('as planned');
  }
  if (draw >= 100 - plan.skipPercent) {
    write('end', { how: 'skip' });
    throw new Skip('as planned');
  }
  const { how, value } = end(token, draw);
  write('end', { how });
  return value;
}

const ok = (value) => ({ how: 'ok', value });
const later = (value) => ({ how: 'later', value });

export function bodyOf(plan) {
  return {
    plain: (inputs, ctx) => live(ctx, plan, inputs, (token) => ok({ token })),
    leaf: (ctx) => live(ctx, { ...plan, failPercent: 0, skipPercent: 0 }, {}, (token) => ok({ token })),
    list: (inputs, ctx) => live(ctx, plan, inputs, (token) => ok(Array.from({ length: plan.length }, (_, n) => n))),
    mapped: (item, ctx) => live(ctx, plan, {}, (token) => ok({ token, item })),
    sensor: (ctx) => live(ctx, { ...plan, durationMs: 50 }, {}, (token) => (Math.random() < 0.4 ? ok({ token }) : later(notYet()))),
    deferring: (inputs, ctx) =>
      live(ctx, ctx.event === null ? { ...plan, failPercent: 0, skipPercent: 0, durationMs: 50 } : plan, inputs, (token) =>
        ctx.event === null ? later(defer(waitFor('500ms'), { timeout: '10m' })) : ok({ token })),
    branch: (inputs, ctx) => live(ctx, plan, inputs, (token, draw) => ok(['left', 'right', null][draw % 3])),
    gate: (inputs, ctx) => live(ctx, plan, inputs, (token, draw) => ok(draw % 3 !== 0)),
  };
}
`;
