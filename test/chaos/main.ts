/**
 * npm run chaos -- [--minutes 1] [--seed n] [--rounds 1] [--kinds kill,freeze | --kinds none] [--broker redis | postgres]
 * npm run chaos -- --sabotage all | name
 * Plays chaos on this machine's loopback, with servers and processes of its own. Ends with code 1 when a round is red, or
 * when one with a safety measure switched off is not.
 */
import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './nemesis/schedule.ts';
import { playRounds } from './round.ts';
import { MEASURES } from './sabotage/measures.ts';
import { type Played, playClean, playOff, sayPlayed } from './sabotage/play.ts';
import { Servers } from './servers.ts';
import type { BrokerKind } from './settings.ts';
import { sayVerdict } from './verdict.ts';

const MINUTES_MAX = 120;
const BROKERS: readonly BrokerKind[] = ['redis', 'postgres'];
/** By hand, on a machine that may be busy with other things. */
const QUIET_DEADLINE_MS = 300_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    kinds: { type: 'string' },
    broker: { type: 'string' },
    sabotage: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);
const print = (line: string) => process.stdout.write(`${line}\n`);

async function playSeeds(): Promise<boolean> {
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= MINUTES_MAX)) throw new Error(`--minutes must be above 0 and at most ${MINUTES_MAX}`);
  const kinds = chosen(values.kinds === 'none' ? '' : values.kinds, FAULT_KINDS, 'fault') as readonly FaultKind[];
  const broker = chosen(values.broker, BROKERS, 'broker')[0] as BrokerKind;
  const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const seeds = Array.from({ length: Number(values.rounds) }, (_, round) => firstSeed + round);
  let isGreen = true;
  for await (const verdict of playRounds(seeds, { durationMs: minutes * 60_000, kinds, broker, quietDeadlineMs: QUIET_DEADLINE_MS, say })) {
    print(values.json ? JSON.stringify(verdict) : sayVerdict(verdict));
    isGreen &&= verdict.broken.length === 0;
  }
  return isGreen;
}

/** All that is on is green; what is off is noticed, unless something else catches the same: then only when that is off, too. */
async function playSabotages(which: string): Promise<boolean> {
  const all = MEASURES.map((one) => one.name);
  const names = chosen(which === 'all' ? undefined : which, all, 'sabotage');
  const measures = MEASURES.filter((one) => names.includes(one.name));
  const servers = await Servers.start();
  let isGreen = true;
  try {
    const tell = (played: Played) => {
      print(sayPlayed(played));
      isGreen &&= played.isAsExpected;
    };
    for (const played of await playClean(servers, measures)) tell(played);
    for (const measure of measures) {
      if (measure.cover) tell(await playOff(servers, measure, 'covered'));
      tell(await playOff(servers, measure, 'off'));
    }
  } finally {
    await servers.stop(!isGreen);
  }
  return isGreen;
}

function chosen(text: string | undefined, all: readonly string[], what: string): readonly string[] {
  if (text === undefined) return all;
  const names = text.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`there is no ${what} ${unknown.join(', ')}; there are ${all.join(', ')}`);
  return names;
}

const isGreen = values.sabotage === undefined ? await playSeeds() : await playSabotages(values.sabotage);
process.exit(isGreen ? 0 : 1);
