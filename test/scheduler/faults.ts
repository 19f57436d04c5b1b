/** Trouble on the way to Postgres, by the name of a statement or transaction: the real database behind it, and failures when a test says so. */
import type { Database, Queryable, Result, Statement } from '#platform/db/client.ts';

interface Plan {
  readonly statement: string;
  readonly act: (send: () => Promise<Result<unknown>>) => Promise<Result<unknown>>;
}

export class Faults {
  #plans: Plan[] = [];

  /** The statement never reaches Postgres. */
  failBefore(statement: string): void {
    this.on(statement, () => Promise.reject(new Error(`no connection for ${statement}`)));
  }

  /** The statement is done, but its answer is lost. */
  failAfter(statement: string): void {
    this.on(statement, async (send) => {
      await send();
      throw new Error(`the answer of ${statement} is lost`);
    });
  }

  /** The caller is told that it failed; the statement reaches Postgres when the returned function is called. */
  holdBack(statement: string): () => Promise<Result<unknown>> {
    let late: (() => Promise<Result<unknown>>) | undefined;
    this.on(statement, (send) => {
      late = send;
      return Promise.reject(new Error(`the connection of ${statement} broke`));
    });
    return () => {
      if (!late) throw new Error(`${statement} was not sent`);
      return late();
    };
  }

  /** Once: `act` decides what happens to the next statement of this name. */
  on(statement: string, act: Plan['act']): void {
    this.#plans.push({ statement, act });
  }

  over(db: Database): Database {
    return {
      ...db,
      ...this.#between(db),
      transaction: (name, work) => this.#act(name, () => db.transaction(name, (tx) => work(this.#between(tx)))),
    };
  }

  #between(db: Queryable): Queryable {
    return {
      query: <Row>(statement: Statement, values?: readonly unknown[]) => this.#act(statement.name, () => db.query<Row>(statement, values)),
    };
  }

  #act<T>(name: string, send: () => Promise<T>): Promise<T> {
    // Behind the colon: which steps a statement has this time.
    const index = this.#plans.findIndex((plan) => plan.statement === name.split(':', 1)[0]);
    const [plan] = index < 0 ? [] : this.#plans.splice(index, 1);
    return plan ? (plan.act(send as never) as Promise<T>) : send();
  }
}
