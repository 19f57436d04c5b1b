/** `expect(dag).toMatchGraph("extract > clean > load")`: the edges of a DAG as text. */
import type { DagDefinition } from '#sdk/definition.ts';
import type { AnyDag } from './test-task.ts';

/** Every edge as "a > b", sorted; a task without edges by itself. */
export function graphOf(dag: AnyDag): readonly string[] {
  const { tasks } = dag as unknown as DagDefinition;
  const edges = [...tasks.values()].flatMap((task) => task.upstream.map((upstream) => `${upstream} > ${task.id}`));
  const joined = new Set(edges.flatMap((edge) => edge.split(' > ')));
  return [...edges, ...[...tasks.keys()].filter((id) => !joined.has(id))].sort();
}

/** Lines or ";" separate chains; "," several tasks of one step: "extract > load, audit > report". */
export function readGraph(text: string): readonly string[] {
  const found = new Set<string>();
  for (const line of text.split(/[\n;]/).map((part) => part.trim())) {
    if (line === '') continue;
    const steps = line.split('>').map((step) => step.split(',').map((id) => id.trim()));
    if (steps.length === 1) for (const id of steps[0] ?? []) found.add(id);
    for (let at = 1; at < steps.length; at++)
      for (const from of steps[at - 1] ?? []) for (const to of steps[at] ?? []) found.add(`${from} > ${to}`);
  }
  return [...found].sort();
}

/** For `expect.extend(matchers)` of vitest, jest or node's own. */
export const matchers = {
  toMatchGraph(dag: AnyDag, text: string): { readonly pass: boolean; readonly message: () => string } {
    const [actual, wanted] = [graphOf(dag), readGraph(text)];
    const missing = wanted.filter((edge) => !actual.includes(edge));
    const extra = actual.filter((edge) => !wanted.includes(edge));
    return {
      pass: missing.length === 0 && extra.length === 0,
      message: () =>
        `The graph of "${dag.id}" differs.${missing.length > 0 ? `\nmissing:\n  ${missing.join('\n  ')}` : ''}${extra.length > 0 ? `\nnot expected:\n  ${extra.join('\n  ')}` : ''}`,
    };
  },
};
