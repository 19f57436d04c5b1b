/** That what was promised to people and to the timetable exists, once, and has ended. */
import type { DagSpec } from '#core/dag-spec.ts';
import { nextRun } from '#core/timetable/timetable.ts';
import type { Check, Evidence } from './check.ts';

/** Every tick of a DAG that runs by the clock, by the pure timetable. */
function expectedTicks(spec: DagSpec, { startMs, endMs }: Evidence): readonly number[] {
  const ticks: number[] = [];
  for (let last: number | null = null; ; ) {
    const next = nextRun({
      schedule: spec.schedule,
      lastLogicalDateMs: last,
      nowMs: endMs,
      startDateMs: startMs,
      endDateMs: endMs,
      catchup: true,
      runImmediately: false,
      firstSeenMs: startMs,
      activeSinceMs: startMs,
      hasUnfinishedRun: false,
    });
    if (next === null) return ticks;
    ticks.push(next.logicalDateMs);
    last = next.logicalDateMs;
  }
}

export const RUN_CHECKS: readonly Check[] = [
  {
    id: 'INV-10',
    promise: 'Each tick of the timetable has its run, and no run is of no tick.',
    async violations(evidence) {
      const wrong: string[] = [];
      for (const { dagId } of evidence.plans.filter((plan) => plan.everyMs !== null)) {
        const versions = await evidence.cluster.sql<{ spec: DagSpec }>(
          'select v.spec from dag d join dag_version v using (version_id) where d.dag_id = $1',
          [dagId],
        );
        const expected = new Set(versions[0] === undefined ? [] : expectedTicks(versions[0].spec, evidence));
        const made = await evidence.cluster.sql<{ ms: number }>(
          `select (extract(epoch from logical_date) * 1000)::float8 as ms from dag_run where dag_id = $1 and run_type = 'scheduled'`,
          [dagId],
        );
        const found = new Set(made.map((row) => row.ms));
        if (expected.size === 0) wrong.push(`${dagId}: the timetable has no tick, so nothing was tested`);
        wrong.push(...[...expected].filter((ms) => !found.has(ms)).map((ms) => `${dagId}: no run for ${new Date(ms).toISOString()}`));
        wrong.push(
          ...[...found].filter((ms) => !expected.has(ms)).map((ms) => `${dagId}: a run for ${new Date(ms).toISOString()}, no tick`),
        );
      }
      return wrong;
    },
  },
  {
    id: 'INV-20',
    promise: 'A trigger that was answered made its run, once; nobody else made one by hand.',
    async violations({ cluster, users, plans }) {
      const rows = await cluster.sql<{ name: string; state: string }>(
        `select dag_id || ' ' || run_id as name, state from dag_run where run_type = 'manual' and dag_id = any($1)`,
        [plans.map((plan) => plan.dagId)],
      );
      const found = new Map(rows.map((row) => [row.name, row.state]));
      const lost = [...users.accepted].filter((name) => !found.has(name)).map((name) => `${name}: was accepted, and does not exist`);
      const invented = [...found.keys()]
        .filter((name) => !users.accepted.has(name) && !users.unanswered.has(name))
        .map((name) => `${name}: nobody triggered it`);
      return [...lost, ...invented];
    },
  },
  {
    id: 'INV-19',
    promise: 'Each run made by hand has one line in the audit log.',
    async violations({ cluster }) {
      const rows = await cluster.sql<{ name: string; lines: number }>(
        `select r.dag_id || ' ' || r.run_id as name, count(l.audit_id)::int as lines
           from dag_run r left join audit_log l on l.dag_id = r.dag_id and l.run_id = r.run_id and l.action = 'dag_run.trigger'
          where r.run_type = 'manual' group by 1 having count(l.audit_id) <> 1`,
      );
      return rows.map((row) => `${row.name}: ${row.lines} lines in the audit log`);
    },
  },
  {
    id: 'ANSWERS',
    promise: 'Whoever asks over the API while everything breaks is answered well, or not at all.',
    violations: async ({ users }) => users.oddAnswers,
  },
  {
    id: 'INV-15',
    promise: 'When everything is quiet, nothing is left open.',
    async violations({ cluster }) {
      const rows = await cluster.sql<{ detail: string }>(`
        select 'run ' || dag_id || ' ' || run_id || ' is ' || state as detail from dag_run where state in ('queued', 'running')
        union all select 'attempt ' || attempt_id || ' is open' from task_attempt where ended_at is null
        union all select 'a wait of ' || task_instance_id || ' is left' from waiter
        union all select 'callback ' || callback_id || ' was not called' from callback_request where state in ('pending', 'running')`);
      return rows.map((row) => row.detail);
    },
  },
];
