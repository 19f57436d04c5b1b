declare const ITEM: unique symbol;

/** A list made of others, to be mapped over. It cannot be an input: nobody ever holds all of it. */
export interface ListRef<out T> {
  readonly [ITEM]: T;
  /** Changes each item, in the task that gets it. `throw new Skip()` skips that instance. */
  map<U>(change: (item: T) => U): ListRef<Awaited<U>>;
}
