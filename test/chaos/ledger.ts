/** The effect ledger: what bodies wrote down themselves, in a file Windlass knows nothing of. Windlass is not its own witness. */
import { existsSync, readFileSync } from 'node:fs';

type Kind = 'start' | 'beat' | 'end';
/** later: it deferred, or asked to be called again. */
export type How = 'ok' | 'fail' | 'skip' | 'later';

interface Line {
  readonly kind: Kind;
  readonly token: string;
  readonly key: string;
  readonly dag: string;
  readonly run: string;
  readonly task: string;
  readonly map: number;
  readonly attempt: number;
  readonly pid: number;
  readonly at: number;
  readonly saw?: Readonly<Record<string, string | null>>;
  readonly how?: How;
}

/** One time that a body ran. */
export interface Life {
  readonly token: string;
  readonly taskInstanceId: string;
  readonly clearNumber: number;
  readonly tryNumber: number;
  readonly pid: number;
  /** "chaos_3 by_hand_7 t2[1]" */
  readonly name: string;
  readonly dagId: string;
  readonly runId: string;
  /** Tokens of the upstream results it was given, by task. */
  readonly saw: Readonly<Record<string, string | null>>;
  readonly startMs: number;
  /** Its last sign of life. */
  lastMs: number;
  /** Null = it never came to its end. */
  how: How | null;
}

export function readLedger(path: string): readonly Life[] {
  if (!existsSync(path)) return [];
  const lives = new Map<string, Life>();
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue;
    const line = JSON.parse(text) as Line;
    const known = lives.get(line.token);
    if (known === undefined) {
      if (line.kind !== 'start') throw new Error(`the ledger has a ${line.kind} without a start: ${text}`);
      lives.set(line.token, begin(line));
      continue;
    }
    known.lastMs = Math.max(known.lastMs, line.at);
    if (line.kind === 'end') known.how = line.how ?? null;
  }
  return [...lives.values()];
}

/** The idempotency key is the id of the instance, and behind it how often it was cleared. */
const KEY = /^([0-9a-f-]{36})(?:-(\d+))?$/;

function begin(line: Line): Life {
  const [, taskInstanceId = '', clears] = KEY.exec(line.key) ?? [];
  return {
    token: line.token,
    taskInstanceId,
    clearNumber: Number(clears ?? 0),
    tryNumber: line.attempt,
    pid: line.pid,
    name: `${line.dag} ${line.run} ${line.task}${line.map < 0 ? '' : `[${line.map}]`}`,
    dagId: line.dag,
    runId: line.run,
    saw: line.saw ?? {},
    startMs: line.at,
    lastMs: line.at,
    how: null,
  };
}
