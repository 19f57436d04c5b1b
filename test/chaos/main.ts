/**
 * npm run chaos -- [--minutes 1] [--seed n] [--rounds 1] [--kinds kill,freeze | --kinds none]
 * npm run chaos -- --sabotage all | name
 * Plays chaos on this machine's loopback, with servers and processes of its own. Ends with code 1 when a round is red, or
 * when one with a safety measure switched off is not.
 */
import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './nemesis/schedule.ts';
import { playRound } from './round.ts';
import { playSabotaged } from './sabotage/play-sabotaged.ts';
import { CONTROL, SABOTAGES } from './sabotage/sabotages.ts';
import { sayVerdict } from './verdict.ts';

const MINUTES_MAX = 120;
/** By hand, on a machine that may be busy with other things. */
const QUIET_DEADLINE_MS = 300_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    kinds: { type: 'string' },
    sabotage: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);
const print = (line: string) => process.stdout.write(`${line}\n`);

async function playRounds(): Promise<boolean> {
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= MINUTES_MAX)) throw new Error(`--minutes must be above 0 and at most ${MINUTES_MAX}`);
  const kinds = chosen(values.kinds === 'none' ? '' : values.kinds, FAULT_KINDS, 'fault') as readonly FaultKind[];
  const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  let isGreen = true;
  for (let round = 0; round < Number(values.rounds); round++) {
    const verdict = await playRound({
      seed: firstSeed + round,
      durationMs: minutes * 60_000,
      kinds,
      quietDeadlineMs: QUIET_DEADLINE_MS,
      say,
    });
    print(values.json ? JSON.stringify(verdict) : sayVerdict(verdict));
    isGreen &&= verdict.broken.length === 0;
  }
  return isGreen;
}

/** Each must be noticed. */
async function playSabotages(which: string): Promise<boolean> {
  const all = SABOTAGES.map((one) => one.name);
  const names = chosen(which === 'all' ? undefined : which, all, 'sabotage');
  const control = await playSabotaged(CONTROL, { say });
  let isGreen = control.noticed.length === 0;
  print(`${isGreen ? 'green      ' : 'RED        '} ${CONTROL.name}: ${CONTROL.what}; red: ${control.noticed.join(', ') || 'nothing'}`);
  for (const sabotage of SABOTAGES.filter((one) => names.includes(one.name))) {
    const { noticed, isNoticed, verdict } = await playSabotaged(sabotage, { say, ...(values.seed && { seed: Number(values.seed) }) });
    print(`${isNoticed ? 'noticed    ' : 'NOT NOTICED'} ${sabotage.name}: ${sabotage.what}; red: ${noticed.join(', ') || 'nothing'}`);
    print(isNoticed ? `            ${verdict.broken[0]?.violations[0]}` : sayVerdict(verdict));
    isGreen &&= isNoticed;
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

const isGreen = values.sabotage === undefined ? await playRounds() : await playSabotages(values.sabotage);
process.exit(isGreen ? 0 : 1);
