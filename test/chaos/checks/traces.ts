/** What is left behind outside of the tables: logs of the right attempts, no secret, no process, no queue. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEndLine, parseLogLine } from '#platform/logs/log-line.ts';
import { logPath } from '#platform/logs/log-path.ts';
import type { Check, Evidence } from './check.ts';

interface WonTry {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly taskInstanceId: string;
  readonly claimedMs: number;
  readonly endedMs: number;
}

const TOKEN = /^ledger ([0-9a-f-]{36})$/;

/** The log of each try that won. */
async function checkLogs({ cluster, lives }: Evidence): Promise<readonly string[]> {
  const won = await cluster.sql<WonTry>(`
    select r.dag_id as "dagId", r.run_id as "runId", ti.task_id as "taskId", ti.map_index as "mapIndex", a.try_number as "tryNumber", ti.task_instance_id as "taskInstanceId",
           (extract(epoch from a.claimed_at) * 1000)::float8 as "claimedMs", (extract(epoch from a.ended_at) * 1000)::float8 as "endedMs"
      from task_attempt a join task_instance ti using (task_instance_id) join dag_run r using (dag_run_id)
     where a.outcome = 'success' and a.clear_number = ti.clear_number`);
  const known = new Set(lives.map((life) => life.token));
  const byTry = Map.groupBy(lives, (life) => `${life.taskInstanceId}/${life.tryNumber}`);
  return won.flatMap((one) => {
    const name = `${one.dagId} ${one.runId} ${one.taskId}[${one.mapIndex}] try ${one.tryNumber}`;
    const path = logPath(cluster.logsFolder, one);
    // What a full disk did not take is lost; nothing else is.
    const isLossy = cluster.logDisk?.wasFull(one.claimedMs, one.endedMs) === true;
    if (!existsSync(path)) return isLossy ? [] : [`${name}: has no log`];
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n').map(parseLogLine);
    const ours = new Set(byTry.get(`${one.taskInstanceId}/${one.tryNumber}`)?.map((life) => life.token));
    const seen = lines.filter((line) => line.source === 'task').flatMap((line) => TOKEN.exec(line.event)?.[1] ?? []);
    // One that the ledger did not know when it was read began later.
    const foreign = seen
      .filter((token) => known.has(token) && !ours.has(token))
      .map((token) => `${name}: its log has a line of another body, ledger ${token}`);
    if (isLossy) return foreign;
    const last = lines.at(-1);
    const unended = last !== undefined && isEndLine(last) ? [] : [`${name}: won, and the last line of its log is no end: ${last?.event}`];
    const winner = byTry.get(`${one.taskInstanceId}/${one.tryNumber}`)?.find((life) => life.how === 'ok');
    const silent =
      winner === undefined || seen.includes(winner.token)
        ? []
        : [`${name}: what the winner logged is not in its log, ledger ${winner.token}`];
    return [...foreign, ...unended, ...silent];
  });
}

/** Answers with the first key whose value, of whatever type, holds the text. */
const KEY_WITH = [
  "for _, key in ipairs(redis.call('KEYS', '*')) do local of = redis.call('TYPE', key).ok",
  "local read = {string = {'GET'}, hash = {'HGETALL'}, list = {'LRANGE', 0, -1}, set = {'SMEMBERS'}, zset = {'ZRANGE', 0, -1}, stream = {'XRANGE', '-', '+'}}",
  'local how = read[of] local value = redis.call(how[1], key, unpack(how, 2))',
  "if string.find(cjson.encode(value), ARGV[1], 1, true) then return key end end return 'nowhere'",
].join(' ');

/** Where the secret stands in clear: files of the run, tables, Redis. */
async function findSecret({ cluster }: Evidence): Promise<readonly string[]> {
  const { sentinel, servers } = cluster;
  const inFiles = filesBelow(servers.folder)
    .filter((path) => readFileSync(path).includes(sentinel))
    .map((path) => `the secret stands in ${path}`);
  const tables = await cluster.sql<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'public'`);
  const inTables: string[] = [];
  for (const { name } of tables) {
    const rows = await cluster.sql<{ n: number }>(`select count(*)::int as n from "${name}" t where t::text like '%' || $1 || '%'`, [
      sentinel,
    ]);
    if ((rows[0]?.n ?? 0) > 0) inTables.push(`the secret stands in ${rows[0]?.n} rows of ${name}`);
  }
  const inRedis = (await servers.redis(`EVAL "${KEY_WITH}" 0 ${sentinel}`)).trim().split('\r\n').at(-1) ?? '';
  return [...inFiles, ...inTables, ...(inRedis === 'nowhere' ? [] : [`the secret stands in Redis: ${inRedis}`])];
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export const TRACE_CHECKS: readonly Check[] = [
  { id: 'INV-21', promise: 'The log of a try that won is whole, ended, and its own.', violations: checkLogs },
  { id: 'INV-22', promise: 'A secret stands nowhere in clear: no log, no table, no Redis.', violations: findSecret },
  {
    id: 'INV-24',
    promise: 'When everything is quiet, nothing waits in the queue.',
    async violations({ cluster }) {
      const broker = await cluster.openBroker();
      const [depth] = await broker.depths(['default']);
      await broker.close();
      return depth?.waiting === 0 ? [] : [`the queue holds ${depth?.waiting} messages`];
    },
  },
  {
    id: 'ENDS',
    promise: 'No process ends that nobody ended.',
    violations: async ({ cluster }) => cluster.members.flatMap((member) => member.unaskedEnds),
  },
];
