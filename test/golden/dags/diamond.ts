/** Every trigger rule below two upstreams that end one after the other, in four ways. */
import { dag, Skip, type TriggerRule } from 'windlass';

const RULES: readonly TriggerRule[] = [
  'all_success',
  'all_failed',
  'all_done',
  'all_done_min_one_success',
  'one_success',
  'one_failed',
  'one_done',
  'none_failed',
  'none_failed_min_one_success',
  'none_skipped',
  'all_skipped',
  'always',
];
const ENDS = {
  ok: () => 1,
  bad: (): number => {
    throw new Error('bad');
  },
  skip: (): number => {
    throw new Skip('nothing to do');
  },
} as const;
const PAIRS = [
  ['ok', 'ok'],
  ['ok', 'bad'],
  ['ok', 'skip'],
  ['bad', 'ok'],
] as const;

export default dag('golden_diamond', { maxActiveTasks: 64 }, ({ group }) => {
  for (const [first, second] of PAIRS)
    group(`${first}_${second}`, (b) => {
      const one = b.task('first', ENDS[first]);
      const two = b.task('second', ENDS[second], { after: one, triggerRule: 'all_done' });
      for (const triggerRule of RULES) b.task(triggerRule, () => 1, { after: [one, two], triggerRule });
    });
});
