/** The frame that a task hands on: a file in the run's folder, named after the task, so that a retry replaces it. */
import { join } from 'node:path';
import type { Ctx } from '#sdk/context.ts';
import type { Frame } from './frame.ts';
import { type FrameFile, writeFrame } from './frame-file.ts';

/** `return saveFrame(ctx, rows)`. `name` tells several frames of one task apart. */
export async function saveFrame(ctx: Pick<Ctx<unknown>, 'scratch' | 'task'>, frame: Frame, name?: string): Promise<FrameFile> {
  const { id, mapIndex } = ctx.task;
  const parts = [id, ...(mapIndex < 0 ? [] : [String(mapIndex)]), ...(name === undefined ? [] : [name]), 'arrow'];
  return writeFrame(join(ctx.scratch, parts.join('.')), frame);
}
