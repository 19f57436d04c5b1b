import { concat, cross, dag, type Ref, zip } from 'windlass';
import { z } from 'zod';

type Eq<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Eq<A, B>) {}

dag(
  'lists',
  { params: z.object({ days: z.array(z.string()), by: z.record(z.string(), z.number()) }) },
  ({ task, map, mapGroup, params }) => {
    const rows = task('rows', () => [{ id: 1 }]);
    const literal = map('literal', [1, 2], (n) => {
      same<typeof n, number>(true);
      return n > 1;
    });
    same<typeof literal, Ref<boolean[]>>(true);
    map('entries', { a: 1, b: 2 }, ({ key, value }) => {
      same<typeof key, string>(true);
      same<typeof value, number>(true);
    });
    map('record', params.at('by'), ({ key, value }) => `${key}${value.toFixed()}`);
    map('product', cross(rows, params.at('days'), ['x']), ([row, day, letter]) => {
      same<typeof row, { id: number }>(true);
      same<typeof day, string>(true);
      letter.toUpperCase();
    });
    map('named', cross({ row: rows, day: params.at('days') }), ({ row, day }) => `${row.id}${day.length}`);
    map('zipped', zip(rows, [1]), ([row, n]) => row.id + n);
    map('filled', zip(rows, params.at('days'), { fill: null }), ([row, day]) => {
      same<typeof row, { id: number } | null>(true);
      same<typeof day, string | null>(true);
    });
    map('joined', concat(params.at('days'), ['x']), (day) => day.toUpperCase());
    map(
      'twice',
      map('once', rows, (row) => row.id),
      (id) => id.toFixed(),
    );
    map(
      'changed',
      rows.map((row) => row.id).map(async (id) => String(id)),
      (id) => id.toUpperCase(),
    );
    map('shared', cross(rows, [1]), { rows }, ([row], { rows }) => rows.length + row.id);
    const group = mapGroup('group', zip(rows, [1]), (item, b) => b.task('t', { item }, ({ item: [row, n] }) => row.id + n));
    same<typeof group, Ref<number[]>>(true);
    // @ts-expect-error rows hold objects
    map('wrong', rows, (row) => row.toFixed());
    const text = task('text', () => 'x');
    // @ts-expect-error a text is no list
    map('text_list', text, (x) => x);
    const ids = rows.map((row) => row.id);
    // @ts-expect-error ids are numbers
    map('wrong2', ids, (id) => id.toUpperCase());
  },
);
