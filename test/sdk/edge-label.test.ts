// Goal: words on edges reach the spec, on the edges they were written for.
import { describe, expect, it } from 'vitest';
import { validateSpec } from '#core/validate-spec.ts';
import { type Builder, dag, label, type Node } from '../../sdk/index.ts';
import { serialiseDag } from '../../sdk/runtime/serialise-dag.ts';

type Build = (b: Builder<Record<never, never>>, nodes: Record<'a' | 'b' | 'c' | 'd', Node>) => void;

function labels(build: Build): readonly string[] {
  const made = dag('labelled', {}, (b) => {
    const [a, one, two, d] = ['a', 'b', 'c', 'd'].map((id) => b.task(id, () => 1)) as unknown as [Node, Node, Node, Node];
    build(b as never, { a, b: one, c: two, d });
  });
  const spec = serialiseDag(made as never);
  expect(validateSpec(JSON.parse(JSON.stringify(spec)))).toEqual([]);
  return (spec.edgeLabels ?? []).map(({ from, to, text }) => `${from} > ${to}: ${text}`);
}

describe('label()', () => {
  it('names the edge to a node, and from one', () => {
    expect(labels((_, { a, b, c }) => a.before(label('full', b), c))).toEqual(['a > b: full']);
    expect(labels((_, { a, b }) => b.after(label('rows', a)))).toEqual(['a > b: rows']);
  });

  it('stands between the steps of a chain, for all edges between them', () => {
    expect(labels(({ chain }, { a, b, c, d }) => chain(a, label('each'), [b, c], d))).toEqual(['a > b: each', 'a > c: each']);
  });

  it('works in the option after, and on a whole group', () => {
    expect(labels(({ task }, { a }) => void task('e', () => 1, { after: label('late', a) }))).toEqual(['a > e: late']);
    const onGroup = labels(({ group }, { a }) => {
      a.before(
        label(
          'in',
          group('g', (g) => ({ x: g.task('x', () => 1), y: g.task('y', () => 1) })),
        ),
      );
    });
    expect(onGroup).toEqual(['a > g.x: in', 'a > g.y: in']);
  });

  it('adds nothing to a DAG without labels', () => {
    expect(labels(({ chain }, { a, b }) => chain(a, b))).toEqual([]);
  });

  it.each([[''], [3], ['x'.repeat(300)]])('refuses %j', (text) => {
    expect(() => label(text as string)).toThrow(/label of an edge must be a text/);
  });
});
