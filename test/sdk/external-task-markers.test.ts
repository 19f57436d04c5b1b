/** Goal: markers reach the spec as they are written, and a mistake in one is said when the file is read. */
import { expect, it } from 'vitest';
import { validateSpec } from '#core/validate-spec.ts';
import { dag } from '#sdk/index.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';

const specOf = (markers: unknown) =>
  serialiseDag(
    dag('parent', {}, ({ task }) => {
      task('tell', () => 1, { externalTaskMarkers: markers as never });
    }) as never,
  );

it('keeps one marker or several, with what is given', () => {
  const spec = specOf([
    { dagId: 'child', taskId: 'wait', delta: '1h', recursionDepth: 3 },
    { dagId: 'other', taskId: 'wait' },
  ]);
  expect(spec.tasks[0]?.externalTaskMarkers).toEqual([
    { dagId: 'child', taskId: 'wait', deltaMs: 3_600_000, recursionDepth: 3 },
    { dagId: 'other', taskId: 'wait' },
  ]);
  expect(validateSpec(spec)).toEqual([]);
  expect(specOf({ dagId: 'child', taskId: 'wait' }).tasks[0]?.externalTaskMarkers).toHaveLength(1);
  expect(specOf([]).tasks[0]).not.toHaveProperty('externalTaskMarkers');
});

it.for([
  [{ dagId: 'child' }, /externalTaskMarkers\[0\]\.taskId/],
  [{ dagId: 'child', taskID: 'wait' }, /Did you mean "taskId"/],
  [{ dagId: 'child', taskId: 'wait', recursionDepth: 11 }, /must be at most 10/],
  ['child.wait', /must be an object/],
] as const)('refuses %j', ([marker, message]) => {
  expect(() => specOf(marker)).toThrow(message);
});
