/**
 * `npm run bench [-- scenario ...] [--quick] [--runs N] [--profile] [--json FILE]`: measures the parts, then each scenario on real
 * processes, a real Postgres and a real Redis of its own, all on this machine. Without names, every scenario runs.
 */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { printReport, type ScenarioReport } from './harness/report.ts';
import { startServers } from './harness/servers.ts';
import { limitsReport, measureLimits } from './raw/limits.ts';
import { SCENARIOS } from './scenarios/all.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (values.list || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`There is no scenario ${unknown.join(', ')}. There are:\n`);
  for (const { name, about } of SCENARIOS) process.stdout.write(`  ${name.padEnd(20)} ${about}\n`);
  process.exit(unknown.length > 0 ? 2 : 0);
}
const runs = values.quick ? 1 : Math.max(1, Number(values.runs ?? 5));
const chosen = SCENARIOS.filter((scenario) => positionals.length === 0 || positionals.includes(scenario.name));

const servers = await startServers(values.profile);
const reports: ScenarioReport[] = [];
const say = (report: ScenarioReport) => {
  reports.push(report);
  process.stdout.write(`${printReport(report)}\n`);
};
try {
  process.stdout.write(
    `${cpus().length} x ${cpus()[0]?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, everything on this machine\n\n`,
  );
  const limits = await measureLimits(servers, values.quick ? 2_000 : 10_000);
  say(limitsReport(limits, servers.versions));
  for (const scenario of chosen) {
    try {
      say(await scenario.run({ servers, limits, quick: values.quick, runs }));
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`${scenario.name} FAILED: ${(error as Error).stack}\n`);
    }
  }
} finally {
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ quick: values.quick, cpus: cpus().length, reports }, null, 2)}\n`);
  if (process.exitCode === undefined || process.exitCode === 0) await servers.stop();
  else process.stderr.write(`The folder ${servers.folder} is kept, for its logs.\n`);
}
process.exit();
