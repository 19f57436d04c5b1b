/** The parameters of a statement that is put together from steps: each step adds its own and learns their numbers. */
export class Parameters {
  readonly values: unknown[] = [];
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #named = new Map<string, number>();

  /** `given`: what several steps refer to by name. */
  constructor(given: Readonly<Record<string, unknown>> = {}) {
    this.#given = given;
  }

  /** An array of this type; `literal` as array-literal.ts makes it. */
  list(type: string, literal: string): string {
    return `$${this.values.push(literal)}::${type}[]`;
  }

  /** A value that was given by name: one parameter, however often it is named. */
  named(name: string, type: string): string {
    let number = this.#named.get(name);
    if (number === undefined) {
      number = this.values.push(this.#given[name]);
      this.#named.set(name, number);
    }
    return `$${number}::${type}`;
  }

  /** Adds several; returns the number of the first. */
  next(values: readonly unknown[]): number {
    const first = this.values.length + 1;
    this.values.push(...values);
    return first;
  }
}
