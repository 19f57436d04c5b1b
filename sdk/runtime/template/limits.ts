/** What one rendering may use. Templates are text that people write: none may hang or fill a task process. */
import { TemplateError } from './template-error.ts';

export const TEMPLATE_LIMITS = {
  sourceChars: 1_000_000,
  outputChars: 1_000_000,
  /** Of one text or list while it is computed. */
  textChars: 1_000_000,
  listItems: 100_000,
  /** Evaluated nodes, rounds of loops, compared elements. */
  steps: 1_000_000,
  timeMs: 2_000,
  /** Nested brackets and statements. */
  depth: 50,
  /** Operators, attributes and filters of one expression. */
  links: 500,
  /** Nesting of values that are shown or compared. */
  valueDepth: 100,
} as const;

const CLOCK_EVERY_STEPS = 512;

export class Budget {
  #steps = 0;
  readonly #startedAt = performance.now();

  /** Throws once the work of this rendering goes beyond a limit. */
  step(count = 1): void {
    const before = Math.floor(this.#steps / CLOCK_EVERY_STEPS);
    this.#steps += count;
    if (this.#steps > TEMPLATE_LIMITS.steps)
      throw new TemplateError(`The template does more than ${TEMPLATE_LIMITS.steps} steps. Prepare the data in a task instead.`);
    if (Math.floor(this.#steps / CLOCK_EVERY_STEPS) === before) return;
    if (performance.now() - this.#startedAt > TEMPLATE_LIMITS.timeMs)
      throw new TemplateError(`The template takes longer than ${TEMPLATE_LIMITS.timeMs} ms. Prepare the data in a task instead.`);
  }

  /** Call it before a text of this length is made. */
  textOf(chars: number): void {
    if (!(chars <= TEMPLATE_LIMITS.textChars))
      throw new TemplateError(
        `The template makes a text of more than ${TEMPLATE_LIMITS.textChars} characters. Write large texts to a file.`,
      );
    this.step(1 + Math.floor(chars / 1_000));
  }

  /** Call it before a list of this length is made. */
  listOf(items: number): void {
    if (!(items <= TEMPLATE_LIMITS.listItems))
      throw new TemplateError(`The template makes a list of more than ${TEMPLATE_LIMITS.listItems} elements.`);
    this.step(1 + Math.floor(items / 10));
  }
}
