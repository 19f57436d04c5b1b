/** The type of a finished DAG: carries its params' and its output's types to those who trigger it. */
import type { StandardSchemaV1 } from './standard-schema.ts';

declare const PARAMS: unique symbol;
declare const RESULT: unique symbol;

/** A finished DAG. Export it; Windlass finds it by its mark, whatever the export is called. */
export interface Dag<P extends StandardSchemaV1, R> {
  readonly id: string;
  readonly [PARAMS]: P;
  readonly [RESULT]: R;
}
