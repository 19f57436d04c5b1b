/** One fault each, in which one measure of workers is all that stands between a broken worker and a broken promise. */
import { until } from '#test/support/until.ts';
import { RUNG_AGAIN_BY_MS, type Stage } from './stage.ts';

/** What the script saw of bells that should have rung or not, in words; all else is judged by the checks. */
export type Script = (stage: Stage) => Promise<readonly string[]>;

/** A bell that must not ring, or a body that must not live, is given so long to do it. */
export const BAD_LUCK_MS = 700;
/** Longer than a check forgives a body that is being killed. */
const OVERLAP_MS = 1_100;
const TURNS = 3;

/**
 * The worker's last word is on its way while its lease ends; it comes when another attempt holds the next lease. Nothing
 * in the worker can take it back: only Postgres can refuse it.
 */
export const lateFinish: Script = async (stage) => {
  for (let turn = 1; ; turn++) {
    const run = await stage.run('held');
    const first = await stage.began(run, 1);
    const worker = await stage.holderOf(run);
    stage.arm('supervise.before_finish', 'note');
    worker.links.postgres.hold('up');
    stage.go(run, first.tryNumber);
    const second = await stage.began(run, 2);
    const isOnItsWay = stage.pidAt('supervise.before_finish') === worker.pid;
    worker.links.postgres.heal();
    await stage.livesOn(worker);
    stage.go(run, second.tryNumber);
    await stage.ended(run);
    // On a busy machine the worker may have given up before it said anything: then nothing was tried.
    if (isOnItsWay) return [];
    if (turn === TURNS) throw new Error(`no late end was ever on its way in ${TURNS} turns`);
  }
};

/** The worker stands still past its lease while its body runs on in a process of its own. */
export const frozenWorker: Script = async (stage) => {
  const run = await stage.run('held');
  const first = await stage.began(run, 1);
  const worker = await stage.holderOf(run);
  worker.signal('SIGSTOP');
  const second = await stage.began(run, 2);
  const beats = () => stage.lives(run).some((life) => life.token === first.token && life.lastMs > second.startMs + OVERLAP_MS);
  await until(beats, { what: 'the first body lives on', deadlineMs: OVERLAP_MS + BAD_LUCK_MS }).catch(() => {});
  worker.signal('SIGCONT');
  stage.go(run, first.tryNumber);
  stage.go(run, second.tryNumber);
  await stage.ended(run);
  return [];
};

/** The broker delivers twice, the second time while the first still runs. */
export const deliveredTwice: Script = async (stage) => {
  stage.arm('consume.after_ack', 'note');
  const run = await stage.run('held');
  const first = await stage.began(run, 1);
  await stage.reached('consume.after_ack');
  const { id, tryNumber, leaseEpoch } = await stage.instance(run);
  stage.arm('consume.after_ack', 'note');
  await stage.broker.publish('default', [[{ taskInstanceId: id, tryNumber, leaseEpoch: leaseEpoch - 1 }]]);
  await stage.reached('consume.after_ack');
  await until(() => stage.lives(run).length > 1, { what: 'a second body begins', deadlineMs: BAD_LUCK_MS }).catch(() => {});
  stage.go(run, first.tryNumber);
  await stage.ended(run);
  return [];
};

/** The worker dies after it has heard and before its claim is in Postgres. */
export const heardAndDied: Script = async (stage) => {
  for (const worker of stage.of('worker')) worker.links.postgres.swallow('up');
  stage.arm('consume.received', 'note');
  const run = await stage.run('quick');
  const pid = await stage.reached('consume.received');
  await until(async () => (await stage.bells()) === 0, { what: 'the bell is forgotten', deadlineMs: BAD_LUCK_MS }).catch(() => {});
  stage
    .of('worker')
    .find((worker) => worker.pid === pid)
    ?.signal('SIGKILL');
  for (const worker of stage.of('worker')) worker.links.postgres.heal();
  const unrung = await stage.unrung(run, RUNG_AGAIN_BY_MS);
  if (unrung.length === 0) await stage.ended(run);
  return unrung;
};

/** The broker loses all it knows between the ring and whoever should have heard it. */
export const erasedBroker: Script = async (stage) => {
  for (const worker of stage.of('worker')) worker.signal('SIGSTOP');
  stage.arm('publish.after_add', 'note');
  const run = await stage.run('quick');
  await stage.reached('publish.after_add');
  await stage.eraseBroker();
  for (const worker of stage.of('worker')) worker.signal('SIGCONT');
  const unrung = await stage.unrung(run, RUNG_AGAIN_BY_MS);
  if (unrung.length === 0) await stage.ended(run);
  return unrung;
};
