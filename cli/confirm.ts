/** Asks a person before something is changed. Without a terminal nobody can answer: then `--yes` has to be given. */
import { createInterface } from 'node:readline/promises';
import { AppError } from '#core/errors.ts';

/** Resolves when the answer is yes. Throws BAD_REQUEST when it is no, or when there is nobody to ask. */
export async function confirm(question: string, isSure: boolean): Promise<void> {
  if (isSure) return;
  if (!process.stdin.isTTY)
    throw new AppError('BAD_REQUEST', `${question} Nothing was done. Say --yes to do it, or --dry-run to only look.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new AppError('BAD_REQUEST', 'Nothing was done.');
  } finally {
    terminal.close();
  }
}
