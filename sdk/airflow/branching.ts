/** `dag.if(…).then(…).else(…)` and `dag.switch(…).case(…)`: a task whose result says which others are skipped. */
import { invalid } from './invalid.ts';
import type { DagRecords, Decision } from './records.ts';
import type { Branch, Condition, TaskRef } from './types.ts';

export function makeCondition(records: DagRecords, condition: TaskRef): Condition {
  const decision: Decision & { kind: 'if' } = { kind: 'if', whenTrue: null, whenFalse: null };
  const taskId = begin(records, condition, 'dag.if()', decision);
  const name = (side: 'whenTrue' | 'whenFalse', task: unknown): void => {
    // `await dag.if(…)` calls then(resolve, reject).
    if (typeof task === 'function')
      throw invalid(`dag.if(…) of DAG "${records.dagId}" was awaited. It only says how tasks hang together: drop the await.`);
    if (decision[side] !== null) throw invalid(`The condition "${taskId}" of DAG "${records.dagId}" names one side twice.`);
    const id = records.ownId(task, `A side of dag.if("${taskId}")`, 'task');
    if (id === decision.whenTrue || id === decision.whenFalse)
      throw invalid(`Both sides of the condition "${taskId}" of DAG "${records.dagId}" are "${id}". It decides nothing.`);
    decision[side] = id;
    records.order(condition, task, null);
  };
  const otherwise = { else: (task: TaskRef) => name('whenFalse', task) };
  return {
    // biome-ignore lint/suspicious/noThenProperty: it is Airflow's word; awaiting it is refused above
    then(task: TaskRef) {
      name('whenTrue', task);
      return otherwise;
    },
  };
}

export function makeBranch(records: DagRecords, decider: TaskRef): Branch {
  const cases: string[] = [];
  const taskId = begin(records, decider, 'dag.switch()', { kind: 'switch', cases });
  const branch: Branch = {
    case(task) {
      const id = records.ownId(task, `A case of dag.switch("${taskId}")`, 'task');
      if (cases.includes(id)) throw invalid(`The branch "${taskId}" of DAG "${records.dagId}" names the case "${id}" twice.`);
      cases.push(id);
      records.order(decider, task, null);
      return branch;
    },
  };
  return branch;
}

function begin(records: DagRecords, decider: TaskRef, what: string, decision: Decision): string {
  records.refuseLate(`${what} was used`);
  const taskId = records.ownId(decider, what, 'task');
  if (records.decisions.has(taskId)) throw invalid(`Task "${taskId}" of DAG "${records.dagId}" decides a branch already.`);
  records.decisions.set(taskId, decision);
  return taskId;
}
