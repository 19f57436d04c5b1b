/** Options are checked by name, because a misspelt one would be ignored in silence. */
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { camelCase, insteadOf } from './foreign-options.ts';

export type OptionTable = Readonly<Record<string, 'known' | 'later'>>;

/**
 * Throws DAG_INVALID for an option that is not in the table (naming the nearest one, or what Airflow's option is called
 * here) or whose engine is not part of this version (`later`). Options given as undefined count as absent.
 */
export function checkOptions(where: string, options: object, table: OptionTable): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (Object.hasOwn(table, name) && table[name] === 'known')) continue;
    if (Object.hasOwn(table, name))
      throw new AppError('DAG_INVALID', `Option "${name}" of ${where} is not available in this version of Windlass yet. Remove it.`);
    throw new AppError('DAG_INVALID', `Unknown option "${name}" of ${where}. ${hintFor(where, name, table)}`);
  }
}

function hintFor(where: string, name: string, table: OptionTable): string {
  const known = Object.keys(table).filter((key) => table[key] === 'known');
  const camel = camelCase(name);
  if (camel !== name && known.includes(camel)) return `Did you mean "${camel}"? Options are written in camelCase.`;
  const instead = insteadOf(where, camel);
  if (instead !== null) return instead;
  const near = closest(camel, known);
  return near ? `Did you mean "${near}"?` : `Known options: ${known.join(', ')}.`;
}
