/** One warm task process and its supervisor's side of the conversation, without anything else: bodies one at a time, and in a line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FromTaskProcess, RunMessage } from '#core/task-protocol.ts';
import { systemClock } from '#platform/clock.ts';
import { bundleFile, stopBundler } from '../../scheduler/dag-processor/bundle.ts';
import { TaskProcess } from '../../worker/task-process.ts';
import { type Figure, medianFigures } from '../harness/report.ts';
import { independentDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

const DAG = 'lines';
const IN_LINE = 4;

export const lines: Scenario = {
  name: 'lines',
  about: 'CPU of a no-op body in a warm task process and of what its supervisor says to it, one at a time and in a line',
  async run({ quick, runs }: Bench) {
    const folder = mkdtempSync(join(tmpdir(), 'windlass-bench-lines-'));
    try {
      const bundle = await makeBundle(folder);
      const rounds: (readonly Figure[])[] = [];
      for (let round = 0; round < runs; round++) {
        const [single, inLine] = [await attempts(bundle, quick ? 300 : 6_000, 0), await attempts(bundle, quick ? 300 : 6_000, IN_LINE)];
        rounds.push([
          { name: 'task process, one at a time', value: single.childUs, unit: 'µs CPU/task' },
          { name: 'its supervisor, one at a time', value: single.supervisorUs, unit: 'µs CPU/task' },
          { name: `task process, ${IN_LINE} in the line`, value: inLine.childUs, unit: 'µs CPU/task' },
          { name: `its supervisor, ${IN_LINE} in the line`, value: inLine.supervisorUs, unit: 'µs CPU/task' },
        ]);
      }
      return { scenario: 'lines', setUp: 'one process, one bundle; nothing is written', runs, figures: medianFigures(rounds), notes: [] };
    } finally {
      await stopBundler();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function makeBundle(folder: string): Promise<string> {
  writeFileSync(join(folder, 'dag.ts'), independentDag(DAG, 1));
  const { code } = await bundleFile(join(folder, 'dag.ts'), { dags: folder, plugins: folder, sdk: 'inside' });
  const file = join(folder, 'bundle.mjs');
  writeFileSync(file, code);
  return file;
}

async function attempts(
  bundle: string,
  count: number,
  inLine: number,
): Promise<{ readonly childUs: number; readonly supervisorUs: number }> {
  const child = new TaskProcess({ memoryMb: 512, openFilesMax: 1_024, uid: null, xcomMaxBytes: 1_000_000 }, systemClock);
  try {
    await child.ready;
    child.send({ type: 'load', bundleFile: bundle, bundleHash: 'bench' });
    const [childBefore, ownBefore] = [cpuUsOf(child.pid), process.cpuUsage()];
    await new Line(child, count, inLine).run();
    const own = process.cpuUsage(ownBefore);
    return { childUs: (cpuUsOf(child.pid) - childBefore) / count, supervisorUs: (own.user + own.system) / count };
  } finally {
    await child.kill();
  }
}

/** Keeps a process busy as the worker's pool does. */
class Line {
  readonly #child: TaskProcess;
  readonly #count: number;
  readonly #inLine: number;
  readonly #all = Promise.withResolvers<void>();
  #sent = 0;
  #ended = 0;

  constructor(child: TaskProcess, count: number, inLine: number) {
    this.#child = child;
    this.#count = count;
    this.#inLine = inLine;
  }

  run(): Promise<void> {
    this.#begin();
    return this.#all.promise;
  }

  #begin(): void {
    if (this.#sent === this.#count) return;
    const number = ++this.#sent;
    this.#listen(number);
    this.#child.send(messageOf(number));
    setImmediate(() => this.#fill());
  }

  #fill(): void {
    while (this.#child.isOpen && this.#child.followers < this.#inLine && this.#sent < this.#count) {
      const number = ++this.#sent;
      void this.#child.follow(messageOf(number), Number.POSITIVE_INFINITY, () => this.#listen(number));
    }
  }

  #listen(number: number): void {
    this.#child.listen({
      onMessage: (message) => this.#hear(message, number),
      onOutput() {},
      onOversizedMessage: () => this.#all.reject(new Error('the process said too much')),
      onGarbledMessage: () => this.#all.reject(new Error('the process said what nobody understands')),
    });
  }

  #hear(message: FromTaskProcess, number: number): void {
    if (message.type !== 'result') return;
    if (message.result.outcome !== 'success') this.#all.reject(new Error(`a body ended as ${message.result.outcome}`));
    this.#ended += 1;
    if (this.#ended === this.#count) this.#all.resolve();
    else void this.#after(number);
  }

  async #after(number: number): Promise<void> {
    await Promise.resolve();
    if (this.#child.leave(attemptIdOf(number))) return this.#fill();
    await this.#child.outputRead();
    if (this.#child.followers > 0 && (await this.#child.go())) return this.#fill();
    this.#begin();
  }
}

function messageOf(number: number): RunMessage {
  const none = { logicalDate: null, dataIntervalStart: null, dataIntervalEnd: null, firstStartedAt: null, params: {} } as const;
  return {
    type: 'run',
    context: {
      ...none,
      attemptId: attemptIdOf(number),
      dagId: DAG,
      runId: 'manual__bench',
      runType: 'manual',
      taskId: 't0',
      mapIndex: -1,
      tryNumber: 1,
      maxTries: 0,
      runAfter: '2026-01-01T00:00:00.000Z',
      idempotencyKey: attemptIdOf(number),
      scratchFolder: '/nowhere',
    },
    inputs: {},
  };
}

function attemptIdOf(number: number): string {
  return `attempt-${number}`;
}

/** Of all its threads, by the kernel's ticks of 10 ms. */
function cpuUsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
