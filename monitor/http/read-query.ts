import type { z } from 'zod';
import { AppError } from '#core/errors.ts';

/** Checks what came from outside; throws BAD_REQUEST that names the field, what was wrong and what is allowed. */
export function readWith<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || where}: ${issue.message}`);
  throw new AppError('BAD_REQUEST', `The ${where} is not valid. ${problems.join('; ')}.`);
}
