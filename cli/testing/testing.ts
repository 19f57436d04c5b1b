/** `windlass/testing`: what a test of a DAG imports. */
export { graphOf, matchers } from './match-graph.ts';
export { type TestDagOptions, type TestedInstance, type TestedRun, testDag } from './test-dag.ts';
export { type AnyDag, type TestedTask, type TestTaskOptions, testTask } from './test-task.ts';
