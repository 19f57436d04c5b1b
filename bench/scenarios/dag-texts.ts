/** The DAG files of the scenarios, as a user would write them. */

/** Limits of ours out of the way: what is measured is the engine, not a setting. */
const OPEN = 'maxActiveRuns: 100_000, maxActiveTasks: 100_000, isPausedUponCreation: false';

/** A body that says when it ran, by the machine's clock in ms. */
const TIMED =
  'async () => { const at = performance.timeOrigin + performance.now(); return [at, performance.timeOrigin + performance.now()]; }';

/** `length` tasks, each after the one before. */
export function chainDag(dagId: string, length: number): string {
  return `import { dag } from 'windlass';
export default dag('${dagId}', { ${OPEN} }, ({ task, chain }) => {
  chain(...Array.from({ length: ${length} }, (_, index) => task('t' + String(index).padStart(5, '0'), ${TIMED})));
});
`;
}

/** `width` tasks that wait for nothing and do nothing. */
export function independentDag(dagId: string, width: number, schedule = ''): string {
  return `import { cron, dag } from 'windlass';
void cron;
export default dag('${dagId}', { ${schedule}${OPEN} }, ({ task }) => {
  for (let index = 0; index < ${width}; index++) task('t' + index, async () => undefined);
});
`;
}

/** One task that lists numbers, one mapped over them. */
export function wideMapDag(dagId: string, width: number): string {
  return `import { dag } from 'windlass';
export default dag('${dagId}', { ${OPEN} }, ({ task, map }) => {
  const list = task('list', async () => Array.from({ length: ${width} }, (_, index) => index));
  map('each', list, async () => undefined);
});
`;
}

/** The published comparison of workflow engines: `length` sequential tasks, each `fibo(n)` by naive recursion. */
export function fibonacciDag(dagId: string, length: number, n: number): string {
  return `import { dag } from 'windlass';
const fibo = (n: number): number => (n < 2 ? n : fibo(n - 1) + fibo(n - 2));
export default dag('${dagId}', { ${OPEN} }, ({ task, chain }) => {
  chain(...Array.from({ length: ${length} }, (_, index) => task('t' + String(index).padStart(5, '0'), async () => fibo(${n}))));
});
`;
}

/** Layers of tasks, each task after `edges` of the layer before. */
export function layeredDag(dagId: string, layers: number, width: number, edges: number): string {
  return `import { dag } from 'windlass';
export default dag('${dagId}', { ${OPEN} }, ({ task }) => {
  let before: ReturnType<typeof task>[] = [];
  for (let layer = 0; layer < ${layers}; layer++) {
    const now = Array.from({ length: ${width} }, (_, index) =>
      task('l' + layer + '_' + index, async () => undefined, {
        after: Array.from({ length: Math.min(${edges}, before.length) }, (_, edge) => before[(index + edge) % before.length]!),
      }),
    );
    before = now;
  }
});
`;
}

/** Tasks that wait `ms` and compute nothing. */
export function sleepingDag(dagId: string, width: number, ms: number): string {
  return `import { dag } from 'windlass';
export default dag('${dagId}', { ${OPEN} }, ({ task }) => {
  for (let index = 0; index < ${width}; index++) task('t' + index, () => new Promise((resolve) => setTimeout(resolve, ${ms})));
});
`;
}
