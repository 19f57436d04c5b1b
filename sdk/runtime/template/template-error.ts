/** The one error of this room: what is wrong with a template, and where in it. */
import { AppError, type ErrorCode } from '#core/errors.ts';

/** What shells, awk and Go templates share with Jinja needs a way out. */
export const RAW_HINT = 'If this text is not meant as a template, put {% raw %} before and {% endraw %} after it.';

/** A place in a template; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * Made without a place by the functions that find a problem, given one by the interpreter that called them, and
 * a field by whoever knows what is rendered. The message always holds all that is known.
 */
export class TemplateError extends AppError {
  readonly problem: string;
  place: Place | null = null;
  field: string | null = null;

  constructor(problem: string, options?: { readonly code?: ErrorCode; readonly cause?: unknown }) {
    super(options?.code ?? 'TEMPLATE_INVALID', problem, {}, options?.cause === undefined ? undefined : { cause: options.cause });
    this.problem = problem;
  }

  /** The innermost place stays. Returns itself. */
  locate(source: string, offset: number): this {
    this.place ??= placeAt(source, offset);
    return this.#describe();
  }

  /** `field` as in 'Field "command" of "load"'. Returns itself. */
  inField(field: string): this {
    this.field ??= field;
    return this.#describe();
  }

  #describe(): this {
    const where = this.place === null ? '' : `line ${this.place.line}, column ${this.place.column}: `;
    this.message = `${this.field ?? 'Template'}${where === '' ? ': ' : ', '}${where}${this.problem}`;
    return this;
  }
}

export function placeAt(source: string, offset: number): Place {
  const before = source.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - start + 1 };
}
