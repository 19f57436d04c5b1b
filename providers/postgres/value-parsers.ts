/**
 * How values that a query returns are read. pg's own defaults depend on the machine's time zone and turn
 * every bigint into a string.
 */
import pg from 'pg';
import { narrow } from '../arrow/cell.ts';

const { builtins } = pg.types;

/**
 * bigint: a number, or a bigint beyond ±2^53. timestamp without time zone: a Date, read as UTC. date: the text
 * "2021-01-31" (a day is no instant). numeric stays text, as it may not fit a number. All else as pg does.
 */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [builtins.INT8]: (text) => narrow(BigInt(text)),
  [builtins.TIMESTAMP]: (text) => new Date(`${text.replace(' ', 'T')}Z`),
  [builtins.DATE]: (text) => text,
};

export const VALUE_PARSERS: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    const parser = format === 'binary' ? undefined : PARSERS[oid];
    // biome-ignore lint/suspicious/noExplicitAny: pg's own type for what a parser takes and gives
    return parser ?? (pg.types.getTypeParser(oid as any, format as any) as any);
  },
};
