import { dag, notYet } from 'windlass';
import { z } from 'zod';
import salesEtl, { notify } from './ex1.ts';

type Eq<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Eq<A, B>) {}

dag('neg', { params: z.object({ n: z.number() }) }, ({ task, map, branch, sensor, trigger, params }) => {
  const a = task('a', async () => 1);
  const b = task('b', () => ['x', 'y']);
  same<typeof a, import('windlass').Ref<number>>(true);
  task('t', { a, b, k: 'lit' }, (i) => {
    same<typeof i.a, number>(true);
    same<typeof i.b, string[]>(true);
    same<typeof i.k, 'lit'>(true);
  });
  task('deep', { all: [a, b], o: { a } }, (i) => {
    const [x, y] = i.all;
    same<typeof x, number>(true);
    same<typeof y, string[]>(true);
    same<typeof i.o.a, number>(true);
  });
  // @ts-expect-error a number is not a string
  task('bad', { a }, ({ a }) => a.toUpperCase());
  // @ts-expect-error no such input
  task('bad2', { a }, ({ c }) => c);
  // @ts-expect-error params.n is a number
  task('bad3', async (ctx) => ctx.params.n.trim());
  // @ts-expect-error only a list can be mapped
  map('bad4', a, (x) => x);
  const m = map('m', b, (s) => s.length);
  same<typeof m, import('windlass').Ref<number[]>>(true);
  // @ts-expect-error "z" is no case
  branch('bad5', { a }, ({ a }) => (a > 1 ? 'x' : 'z'), { x: (q) => q.task('x', () => 1), y: (q) => q.task('y', () => 's') });
  const br = branch('ok5', { a }, ({ a }) => (a > 1 ? 'x' : 'y'), { x: (q) => q.task('x', () => 1), y: (q) => q.task('y', () => 's') });
  same<typeof br, import('windlass').Ref<string | number>>(true);
  branch('ok5b', {}, () => ['x', 'y'] as const, { x: (q) => q.task('x', () => 1), y: (q) => q.empty('y') });
  branch('ok5c', {}, () => null, { x: (q) => q.task('x', () => 1) });
  branch('ok5d', {}, () => true, { true: (q) => q.task('x', () => 1), false: (q) => q.empty('y') });
  // @ts-expect-error only a teardown has setups
  task('bad5c', () => 1, { setups: a });
  // @ts-expect-error a wired argument has the wrong type (a: number, text wants string)
  task('bad6', { channel: '#x', text: a }, notify);
  // @ts-expect-error an argument is missing
  task('bad7', { channel: '#x' }, notify);
  // @ts-expect-error "asia" is no region
  trigger('bad8', salesEtl, { params: { region: 'asia' } });
  const s = sensor('s', async () => (Math.random() > 0.5 ? { path: 'p' } : notYet()), { every: '1m', timeout: '1h' });
  same<typeof s, import('windlass').Ref<{ path: string }>>(true);
  // @ts-expect-error no such field
  s.at('nope');
  // @ts-expect-error not a duration
  sensor('bad9', () => 1, { every: '1 minute', timeout: '1h' });
  same<typeof params, import('windlass').Ref<{ n: number }>>(true);
});
