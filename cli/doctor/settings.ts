/** Settings that fit together, on this machine and between processes; disks with room. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '#platform/config/config.ts';
import type { OpenService } from '#platform/db/queries/care/list-open-services.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import { formatBytes } from './format-bytes.ts';

const SHORT_MS = 1_000;
const MIB = 1024 * 1024;
const DISK_LOW_BYTES = 1024 * MIB;
const DISK_FULL_BYTES = 100 * MIB;

/** What `readConfig` refuses (a lease shorter than three renewals) never gets here. */
export function checkLeases(config: Config): Finding {
  const { leaseTtlMs, leaseRenewMs, leaseGraceMs, shardLeaseTtlMs, reringAfterMs, taskKillGraceMs } = config;
  const doubts = [
    ...(leaseGraceMs < SHORT_MS ? [`WINDLASS_LEASE_GRACE_MS is ${leaseGraceMs}: a worker that is a moment late loses its tasks`] : []),
    ...(taskKillGraceMs >= leaseTtlMs
      ? [
          `WINDLASS_TASK_KILL_GRACE_MS (${taskKillGraceMs}) is not shorter than WINDLASS_LEASE_TTL_MS (${leaseTtlMs}): a lost task may still run`,
        ]
      : []),
    ...(shardLeaseTtlMs < 3 * SHORT_MS
      ? [`WINDLASS_SHARD_LEASE_TTL_MS is ${shardLeaseTtlMs}: a busy scheduler loses its DAGs to another`]
      : []),
    ...(reringAfterMs < SHORT_MS ? [`WINDLASS_RERING_AFTER_MS is ${reringAfterMs}: the broker is rung without need`] : []),
  ];
  const words = `leases of ${leaseTtlMs / 1000} s, renewed every ${leaseRenewMs / 1000} s, lost ${leaseGraceMs / 1000} s after they end`;
  return doubts.length === 0
    ? ok('leases', words)
    : warning('leases', words, 'Change these settings in all processes; windlass config list shows the defaults.', doubts);
}

export function checkDisks(config: Config): readonly Finding[] {
  const folders = { data: config.dataFolder, logs: config.logsFolder, scratch: config.scratchFolder };
  return Object.entries(folders).map(([name, folder]) => checkDisk(`${name} folder`, folder));
}

function checkDisk(check: string, folder: string): Finding {
  const there = existing(folder);
  try {
    accessSync(there, constants.W_OK);
  } catch {
    return problem(check, `${there} cannot be written by this user`, `Give this user the folder: chown -R $(id -un) ${there}`);
  }
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  const words = `${folder}: ${formatBytes(free)} free`;
  if (free < DISK_FULL_BYTES)
    return problem(check, words, 'Free some room now: nothing can be written soon. windlass db clean removes old runs and their logs.');
  if (free < DISK_LOW_BYTES) return warning(check, words, 'Free some room: windlass db clean removes old runs and their logs.');
  return ok(check, words);
}

/** The folder, or the nearest one above it that is there: it will be made. */
function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder));
}

/** All processes must have the same values; who differs is named. */
export function checkAgreement(living: readonly OpenService[]): Finding {
  const told = living.flatMap(({ settings, ...service }) => (settings === null ? [] : [{ ...service, settings }]));
  const names = [...new Set(told.flatMap(({ settings }) => Object.keys(settings)))].toSorted();
  const differing = names.flatMap((name) => {
    const byValue = Map.groupBy(
      told.filter(({ settings }) => settings[name] !== undefined),
      ({ settings }) => settings[name] as string,
    );
    if (byValue.size < 2) return [];
    return [`${name}: ${[...byValue].map(([value, services]) => `${value} (${services.map(nameOf).join(', ')})`).join(' or ')}`];
  });
  const versions = Map.groupBy(living, (service) => service.version);
  if (differing.length > 0)
    return problem(
      'agreement',
      'processes have different settings that must be the same',
      'Give all processes one value, and restart those that differ.',
      differing,
    );
  if (versions.size > 1)
    return warning(
      'agreement',
      `processes of ${versions.size} versions run`,
      'During an upgrade this is normal; afterwards restart those of the old version.',
      [...versions].map(([version, services]) => `${version}: ${services.map(nameOf).join(', ')}`),
    );
  return ok(
    'agreement',
    told.length === 0 ? 'no process runs that could differ' : `${told.length} processes agree in ${names.length} settings`,
  );
}

export function nameOf({ kind, hostname, pid }: Pick<OpenService, 'kind' | 'hostname' | 'pid'>): string {
  return `${kind} ${hostname}:${pid}`;
}
