/**
 * Goal: grid and graph show the DAG that is there, folded or not.
 * Method: their pure halves over one small DAG with nested groups.
 */
import { describe, expect, test } from 'vitest';
import { flowGraph, groupNodeId, lineageOf } from '../../webserver/ui/src/graph/flow-graph.ts';
import { countCells, treeRows, worstState } from '../../webserver/ui/src/grid/task-rows.ts';
import type { UiTaskNode } from '../../webserver/ui-api/types.ts';

function task(taskId: string, upstream: readonly string[] = [], groupId: string | null = null): UiTaskNode {
  return {
    taskId,
    kind: 'task',
    operator: 'task',
    groupId,
    isMapped: false,
    triggerRule: 'all_success',
    upstream,
    retries: 0,
    pool: 'default_pool',
    queue: 'default',
    docMd: null,
  };
}

const groups = [
  { groupId: 'load', parentId: null },
  { groupId: 'load.inner', parentId: 'load' },
];
const tasks = [
  task('extract'),
  task('load.stage', ['extract'], 'load'),
  task('load.inner.copy', ['load.stage'], 'load.inner'),
  task('report', ['load.inner.copy', 'extract']),
];

describe('the rows of the grid', () => {
  test('stand in the order of the DAG, groups around their tasks', () => {
    const rows = treeRows(tasks, groups, new Set(), '');
    expect(rows.map((row) => `${'  '.repeat(row.depth)}${row.label}`)).toEqual([
      'extract',
      'load',
      '  stage',
      '  inner',
      '    copy',
      'report',
    ]);
  });

  test('leave out what is inside a closed group', () => {
    const rows = treeRows(tasks, groups, new Set(['load']), '');
    expect(rows.map((row) => row.id)).toEqual(['extract', 'load', 'report']);
    expect(rows[1]).toMatchObject({ kind: 'group', isOpen: false, taskIds: ['load.stage', 'load.inner.copy'] });
  });

  test('show what a search finds even inside closed groups', () => {
    const rows = treeRows(tasks, groups, new Set(['load']), 'COPY');
    expect(rows.map((row) => row.id)).toEqual(['load', 'load.inner', 'load.inner.copy']);
  });

  test('show for a group the state most in need of a look', () => {
    expect(worstState(['success', 'running', 'failed'])).toBe('failed');
    expect(worstState(['success', 'skipped'])).toBe('success');
    expect(worstState([])).toBeNull();
  });

  test('count mapped instances one by one', () => {
    const cell = { tryNumber: 1, startedAt: null, endedAt: null };
    expect(
      countCells([{ ...cell, state: 'success', counts: null }, { ...cell, state: 'failed', counts: { success: 4, failed: 1 } }, null]),
    ).toEqual({ success: 5, failed: 1 });
  });
});

describe('the graph', () => {
  test('draws every task and every edge while all groups are open', () => {
    const graph = flowGraph(tasks, groups, new Set());
    expect(graph.nodes.filter((node) => node.kind === 'task').map((node) => node.id)).toEqual([
      'extract',
      'load.stage',
      'load.inner.copy',
      'report',
    ]);
    expect(graph.edges).toHaveLength(4);
  });

  test('puts parents before their children, as React Flow wants them', () => {
    const ids = flowGraph(tasks, groups, new Set()).nodes.map((node) => node.id);
    for (const node of flowGraph(tasks, groups, new Set()).nodes)
      if (node.parentId !== null) expect(ids.indexOf(node.parentId)).toBeLessThan(ids.indexOf(node.id));
  });

  test('draws a closed group as one node with the edges of what is inside', () => {
    const graph = flowGraph(tasks, groups, new Set(['load', 'load.inner']));
    expect(graph.nodes.map((node) => node.id)).toEqual([groupNodeId('load'), 'extract', 'report']);
    expect(graph.edges.map((edge) => edge.id)).toEqual([
      `extract→${groupNodeId('load')}`,
      `${groupNodeId('load')}→report`,
      'extract→report',
    ]);
  });

  test('dots what leads from a setup to its teardown, and nothing else', () => {
    const scoped = [
      { ...task('up', [], 'load'), role: 'setup' as const },
      task('work', ['up'], 'load'),
      { ...task('down', ['up', 'work']), role: 'teardown' as const },
    ];
    const dotted = (closed: readonly string[]) =>
      flowGraph(scoped, groups, new Set(closed)).edges.map((edge) => `${edge.id}${edge.isScope ? ' dotted' : ''}`);
    expect(dotted([])).toEqual(['up→work', 'up→down dotted', 'work→down']);
    // Folded, the work's edge is in it as well.
    expect(dotted(['load'])).toEqual([`${groupNodeId('load')}→down`]);
  });

  test('finds what lies before and after a task, and not what lies beside it', () => {
    const graph = flowGraph([...tasks, task('aside', ['extract'])], groups, new Set());
    expect([...lineageOf(graph, 'load.stage')].sort()).toEqual(['extract', 'load.inner.copy', 'load.stage', 'report']);
  });

  test('calls tasks and groups by the names people gave them, and writes words on edges', () => {
    const named = tasks.map((one) =>
      one.taskId === 'report' ? { ...one, displayName: 'The report', edgeLabels: { extract: 'at once' } } : one,
    );
    const graph = flowGraph(
      named,
      [{ ...(groups[0] as (typeof groups)[number]), displayName: 'Into the warehouse' }, ...groups.slice(1)],
      new Set(),
    );
    expect(graph.nodes.find((node) => node.id === 'report')?.label).toBe('The report');
    expect(graph.nodes.find((node) => node.id === groupNodeId('load'))?.label).toBe('Into the warehouse');
    expect(graph.edges.filter((edge) => edge.label !== undefined)).toEqual([
      { id: 'extract→report', source: 'extract', target: 'report', label: 'at once' },
    ]);
  });
});
