/** What the parser makes of a template. `at` is an offset into its source. */

export interface Argument {
  /** Null = by position. */
  readonly name: string | null;
  readonly value: Expression;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '~';
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export type Expression = { readonly at: number } & (
  | { readonly type: 'literal'; readonly value: string | number | boolean | null }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'list'; readonly items: readonly Expression[] }
  | { readonly type: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly type: 'attribute'; readonly object: Expression; readonly name: string }
  | { readonly type: 'item'; readonly object: Expression; readonly key: Expression }
  | {
      readonly type: 'slice';
      readonly object: Expression;
      readonly start: Expression | null;
      readonly stop: Expression | null;
      readonly step: Expression | null;
    }
  /** `object` is null for a plain function: `range(3)`. */
  | { readonly type: 'call'; readonly object: Expression | null; readonly name: string; readonly args: readonly Argument[] }
  | { readonly type: 'filter'; readonly target: Expression; readonly name: string; readonly args: readonly Argument[] }
  | {
      readonly type: 'test';
      readonly target: Expression;
      readonly name: string;
      readonly args: readonly Argument[];
      readonly negated: boolean;
    }
  | { readonly type: 'unary'; readonly operator: '-' | '+' | 'not'; readonly operand: Expression }
  | { readonly type: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | {
      readonly type: 'compare';
      readonly left: Expression;
      readonly rest: readonly { readonly operator: CompareOperator; readonly right: Expression }[];
    }
  | { readonly type: 'logic'; readonly operator: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'ternary'; readonly test: Expression; readonly yes: Expression; readonly no: Expression | null }
);

export type Statement = { readonly at: number } & (
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'output'; readonly value: Expression }
  | {
      readonly type: 'if';
      readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly type: 'for';
      readonly targets: readonly string[];
      readonly over: Expression;
      readonly filter: Expression | null;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly type: 'set'; readonly targets: readonly string[]; readonly value: Expression }
  | { readonly type: 'set_block'; readonly target: string; readonly body: readonly Statement[] }
);

export interface Template {
  readonly source: string;
  readonly body: readonly Statement[];
}
