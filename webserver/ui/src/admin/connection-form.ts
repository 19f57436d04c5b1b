/** What stands in the connection dialog, and what is sent of it. */
import type { UiConnection } from '../../../ui-api/admin-types.ts';
import { connectionType } from './connection-types.ts';

/** As the server sends and takes a secret that is to stay as it is. */
export const UNCHANGED = '***';

export interface ConnectionForm {
  readonly id: string;
  readonly type: string;
  readonly description: string;
  readonly host: string;
  readonly port: string;
  readonly login: string;
  readonly password: string;
  readonly schema: string;
  readonly extra: string;
}

/** Body of POST and PATCH /api/v2/connections. */
export interface ConnectionBody {
  readonly connection_id: string;
  readonly conn_type: string;
  readonly description: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly login: string | null;
  readonly password: string | null;
  readonly schema: string | null;
  readonly extra: string | null;
}

export type FormProblems = Readonly<Partial<Record<keyof ConnectionForm, string>>>;

const EMPTY: ConnectionForm = {
  id: '',
  type: 'postgres',
  description: '',
  host: '',
  port: '',
  login: '',
  password: '',
  schema: '',
  extra: '',
};

export function formOf(connection: UiConnection | null): ConnectionForm {
  if (connection === null) return EMPTY;
  return {
    id: connection.id,
    type: connection.type ?? '',
    description: connection.description ?? '',
    host: connection.host ?? '',
    port: connection.port === null ? '' : String(connection.port),
    login: connection.login ?? '',
    password: connection.hasPassword ? UNCHANGED : '',
    schema: connection.schema ?? '',
    extra: connection.extra ?? '',
  };
}

export function problemsOf(form: ConnectionForm): FormProblems {
  return {
    ...(/^[\w.-]{1,200}$/.test(form.id) ? {} : { id: 'Use letters, digits and _ . - (at most 200).' }),
    ...(form.type.trim() === '' ? { type: 'Say which kind of connection it is.' } : {}),
    ...(form.port === '' || (/^\d{1,5}$/.test(form.port) && Number(form.port) <= 65_535) ? {} : { port: 'A number up to 65535.' }),
    ...(isObjectOrEmpty(form.extra) ? {} : { extra: 'This is no JSON object.' }),
  };
}

/** Fields that the type does not have are left out, so that changing the type leaves nothing behind. */
export function bodyOf(form: ConnectionForm): ConnectionBody {
  const { fields } = connectionType(form.type);
  const kept = (name: keyof typeof fields & keyof ConnectionForm) => (fields[name] === undefined ? null : textOrNull(form[name]));
  const port = kept('port');
  return {
    connection_id: form.id,
    conn_type: form.type.trim(),
    description: textOrNull(form.description),
    host: kept('host'),
    port: port === null ? null : Number(port),
    login: kept('login'),
    password: kept('password'),
    schema: kept('schema'),
    extra: textOrNull(form.extra),
  };
}

function textOrNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

function isObjectOrEmpty(text: string): boolean {
  if (text.trim() === '') return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
