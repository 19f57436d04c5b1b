/**
 * npm run chaos -- [--minutes 1] [--seed n] [--rounds 1] [--kinds kill,freeze]
 * Plays rounds of chaos on this machine's loopback, with servers and processes of its own, and ends with code 1 when one is red.
 */
import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './nemesis/schedule.ts';
import { playRound } from './round.ts';
import { sayVerdict } from './verdict.ts';

const MINUTES_MAX = 120;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    kinds: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= MINUTES_MAX)) throw new Error(`--minutes must be above 0 and at most ${MINUTES_MAX}`);
const kinds = values.kinds === undefined ? FAULT_KINDS : (values.kinds.split(',') as FaultKind[]);
const unknown = kinds.filter((kind) => !FAULT_KINDS.includes(kind));
if (unknown.length > 0) throw new Error(`there is no fault ${unknown.join(', ')}; there are ${FAULT_KINDS.join(', ')}`);
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

let isRed = false;
for (let round = 0; round < Number(values.rounds); round++) {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const verdict = await playRound({ seed: firstSeed + round, durationMs: minutes * 60_000, kinds, say });
  process.stdout.write(`${values.json ? JSON.stringify(verdict) : sayVerdict(verdict)}\n`);
  isRed ||= verdict.broken.length > 0;
}
process.exit(isRed ? 1 : 0);
