/**
 * Graph questions about tasks and their direct upstreams. Pure, linear in tasks plus edges, and without
 * recursion, so that a chain of 10,000 tasks does not overflow the stack.
 */

/** Direct upstream ids by task id. Iteration order of the map is the authors' order, kept for ties. */
export type UpstreamMap = ReadonlyMap<string, readonly string[]>;

/** Direct downstream ids by task id; every task has an entry. Ids of unknown upstreams are left out. */
export function downstreamOf(upstream: UpstreamMap): Map<string, string[]> {
  const downstream = new Map<string, string[]>([...upstream.keys()].map((id) => [id, []]));
  for (const [id, parents] of upstream) for (const parent of new Set(parents)) downstream.get(parent)?.push(id);
  return downstream;
}

/**
 * Returns the ids so that each comes after all of its upstreams; among those free to come next, the author's
 * order holds. Returns null when there is a cycle (`findCycle` names it).
 */
export function topologicalOrder(upstream: UpstreamMap): string[] | null {
  const downstream = downstreamOf(upstream);
  const waiting = new Map<string, number>();
  const position = new Map<string, number>();
  for (const [id, parents] of upstream) {
    position.set(id, position.size);
    waiting.set(id, new Set(parents.filter((parent) => upstream.has(parent))).size);
  }
  const free = [...upstream.keys()].filter((id) => waiting.get(id) === 0);
  const order: string[] = [];
  for (let next = 0; next < free.length; next++) {
    const id = free[next] as string;
    order.push(id);
    const freed = (downstream.get(id) as string[]).filter((child) => {
      const left = (waiting.get(child) as number) - 1;
      waiting.set(child, left);
      return left === 0;
    });
    freed.sort((a, b) => (position.get(a) as number) - (position.get(b) as number));
    free.push(...freed);
  }
  return order.length === upstream.size ? order : null;
}

/** Returns one cycle as a path in running order whose last id is its first, or null when there is none. */
export function findCycle(upstream: UpstreamMap): string[] | null {
  const finished = new Set<string>();
  for (const root of upstream.keys()) {
    if (finished.has(root)) continue;
    const path: { id: string; next: number }[] = [{ id: root, next: 0 }];
    const onPath = new Map<string, number>([[root, 0]]);
    while (path.length > 0) {
      const top = path[path.length - 1] as { id: string; next: number };
      const parent = upstream.get(top.id)?.[top.next++];
      if (parent === undefined) {
        path.pop();
        onPath.delete(top.id);
        finished.add(top.id);
        continue;
      }
      const seenAt = onPath.get(parent);
      // The walk goes against the arrows, so the path reversed is the cycle in running order.
      if (seenAt !== undefined)
        return [
          parent,
          ...path
            .slice(seenAt)
            .map((step) => step.id)
            .reverse(),
        ];
      if (finished.has(parent) || !upstream.has(parent)) continue;
      onPath.set(parent, path.length);
      path.push({ id: parent, next: 0 });
    }
  }
  return null;
}

/** Returns every id reachable from `start` by `edges`, without `start` itself (unless it lies on a cycle). */
export function closure(edges: UpstreamMap, start: Iterable<string>): Set<string> {
  const reached = new Set<string>();
  const todo = [...start];
  for (let next = todo.pop(); next !== undefined; next = todo.pop())
    for (const neighbour of edges.get(next) ?? []) {
      if (reached.has(neighbour)) continue;
      reached.add(neighbour);
      todo.push(neighbour);
    }
  return reached;
}

/** All tasks that `id` waits for, directly or not. */
export function upstreamClosure(upstream: UpstreamMap, id: string): Set<string> {
  return closure(upstream, [id]);
}

/** All tasks that wait for `id`, directly or not. */
export function downstreamClosure(upstream: UpstreamMap, id: string): Set<string> {
  return closure(downstreamOf(upstream), [id]);
}
