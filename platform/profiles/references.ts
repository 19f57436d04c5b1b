/**
 * `{{ env_var('NAME') }}`, `{{ env_var('NAME', 'default') }}`, `{{ variable('KEY') }}` and Mage's `{{ mage_secret_var('KEY') }}`
 * in io_config.yaml. They are taken out before YAML is read, because unquoted braces would be a YAML mapping, and
 * put in again value by value, so that what a variable holds can never change the shape of the file.
 */
import { AppError } from '#core/errors.ts';

export interface Resolvers {
  environment(name: string): string | undefined;
  variable(key: string): Promise<string | null>;
}

interface Reference {
  readonly what: 'env_var' | 'variable';
  readonly name: string;
  readonly fallback: string | undefined;
}

export interface TakenReferences {
  /** The text with a mark for each reference. */
  readonly text: string;
  /** A value of the text, its marks replaced by what they refer to; lists and mappings in depth. */
  fill(value: unknown, resolvers: Resolvers): Promise<unknown>;
}

const REFERENCE = /\{\{\s*(.*?)\s*\}\}/g;
const CALL = /^(env_var|variable|mage_secret_var)\(\s*(['"])([^'"]+)\2\s*(?:,\s*(['"])([^'"]*)\4\s*)?\)$/;
const MARK = /windlass-reference-(\d+)-/g;

export function takeReferences(text: string, file: string): TakenReferences {
  const references: Reference[] = [];
  const marked = text
    .split('\n')
    .map((line, index) => (line.trimStart().startsWith('#') ? line : line.replace(REFERENCE, (_, call: string) => take(call, index + 1))))
    .join('\n');

  function take(call: string, line: number): string {
    const match = CALL.exec(call);
    if (match === null)
      throw new AppError(
        'CONFIG_INVALID',
        `${file}, line ${line}: {{ … }} may hold env_var('NAME'), env_var('NAME', 'default') or variable('KEY'), nothing else.`,
      );
    const [, what, , name, , fallback] = match;
    references.push({ what: what === 'env_var' ? 'env_var' : 'variable', name: name as string, fallback });
    return `windlass-reference-${references.length - 1}-`;
  }

  async function fillText(value: string, resolvers: Resolvers): Promise<string> {
    const used = [...value.matchAll(MARK)].map((match) => references[Number(match[1])]);
    const values = await Promise.all(used.map((one) => (one === undefined ? '' : resolve(one, resolvers, file))));
    let next = 0;
    return value.replace(MARK, () => values[next++] as string);
  }

  async function fill(value: unknown, resolvers: Resolvers): Promise<unknown> {
    if (typeof value === 'string') return fillText(value, resolvers);
    if (Array.isArray(value)) return Promise.all(value.map((one) => fill(one, resolvers)));
    if (typeof value !== 'object' || value === null) return value;
    const entries = await Promise.all(Object.entries(value).map(async ([key, one]) => [key, await fill(one, resolvers)] as const));
    return Object.fromEntries(entries);
  }

  return { text: marked, fill };
}

async function resolve({ what, name, fallback }: Reference, resolvers: Resolvers, file: string): Promise<string> {
  const found = what === 'env_var' ? resolvers.environment(name) : await resolvers.variable(name);
  if (found !== undefined && found !== null) return found;
  if (fallback !== undefined) return fallback;
  throw new AppError(
    'CONFIG_INVALID',
    what === 'env_var'
      ? `${file} refers to the environment variable ${name}, which this process does not have. Set it for the workers, or give a default: env_var('${name}', '…').`
      : `${file} refers to the variable ${JSON.stringify(name)}, which does not exist. Add it on the Variables page, or set WINDLASS_VAR_${name.toUpperCase()}.`,
  );
}
