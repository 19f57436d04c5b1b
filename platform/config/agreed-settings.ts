/**
 * The settings in which all processes of one deployment must agree: leases are judged by one process and renewed by
 * another, secrets sealed here are opened there. Each heartbeat carries them; `windlass doctor` compares.
 */
import { createHmac } from 'node:crypto';
import { chosenBroker } from './chosen-broker.ts';
import type { Config } from './config.ts';
import { CONFIG_KEYS, type ConfigName } from './keys.ts';

const AGREED = [
  'brokerPrefix',
  'leaseTtlMs',
  'leaseRenewMs',
  'leaseGraceMs',
  'shardLeaseTtlMs',
  'reringAfterMs',
  'serviceHeartbeatMs',
  'maxMapLength',
  'xcomMaxBytes',
  'priorityHeadStartMaxMs',
] as const satisfies readonly ConfigName[];

/** So few digits tell two keys apart and tell nobody which key it is. */
const KEY_DIGITS = 6;

/** Environment variable -> value; of the secret key only a short digest. */
export function agreedSettings(config: Config): Readonly<Record<string, string>> {
  const settings: Record<string, string> = Object.fromEntries(AGREED.map((name) => [CONFIG_KEYS[name].env, String(config[name])]));
  // A worker that listens elsewhere than the scheduler rings hears nothing.
  settings[CONFIG_KEYS.broker.env] = chosenBroker(config);
  if (config.secretKey.isSet)
    settings[CONFIG_KEYS.secretKey.env] =
      `#${createHmac('sha256', config.secretKey.reveal()).update('agreed').digest('hex').slice(0, KEY_DIGITS)}`;
  return settings;
}
