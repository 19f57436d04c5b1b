/** The little that differs between BigQuery's SQL and DuckDB's in the statements of examples. It is no dialect of its own. */
import { GoogleError } from '../http-server.ts';

export interface TableRef {
  readonly projectId?: string;
  readonly datasetId: string;
  readonly tableId: string;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteTable({ datasetId, tableId }: TableRef): string {
  return `${quote(datasetId)}.${quote(tableId)}`;
}

/** A text as a literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `` `project.dataset.table` `` becomes "dataset"."table", @name becomes $name. Texts and comments stay as they are. */
export function toDuckdb(sql: string): string {
  return sql.replace(
    /'(?:[^'\\]|\\.|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|`([^`]*)`|@([A-Za-z_]\w*)|\b(FLOAT64|INT64|STRING|BOOL)\b/gi,
    (whole: string, quoted?: string, parameter?: string, type?: string) => {
      if (quoted !== undefined) return quoted.split('.').slice(-2).map(quote).join('.');
      if (parameter !== undefined) return `$${parameter}`;
      return type === undefined ? whole : (TYPE_NAMES[type.toUpperCase()] as string);
    },
  );
}

const TYPE_NAMES: Readonly<Record<string, string>> = { FLOAT64: 'DOUBLE', INT64: 'BIGINT', STRING: 'VARCHAR', BOOL: 'BOOLEAN' };

interface Parameter {
  readonly name?: string;
  readonly parameterType?: { readonly type?: string };
  readonly parameterValue?: { readonly value?: string };
}

/** Query parameters as DuckDB takes them: by name, or by place ("1", "2"). Throws 400 for lists and structs. */
export function parameterValues(parameters: unknown): Record<string, string | number | bigint | boolean | null> {
  const list = (Array.isArray(parameters) ? parameters : []) as readonly Parameter[];
  return Object.fromEntries(list.map((parameter, index) => [parameter.name ?? String(index + 1), parameterValue(parameter)]));
}

function parameterValue({ name, parameterType, parameterValue: given }: Parameter): string | number | bigint | boolean | null {
  const text = given?.value;
  if (text === undefined || text === null) return null;
  switch (parameterType?.type) {
    case 'INT64':
      return BigInt(text);
    case 'FLOAT64':
      return Number(text);
    case 'BOOL':
      return text === 'true';
    case 'ARRAY':
    case 'STRUCT':
      throw new GoogleError(
        400,
        'invalidQuery',
        `The emulator takes no ${parameterType.type} as parameter${name === undefined ? '' : ` @${name}`}.`,
      );
    default:
      return text;
  }
}
