/** One spelling for each place: what two DAGs name the same way is the same asset. */
import { ASSET_LIMITS } from './asset-spec.ts';

export type NormalisedUri = { readonly uri: string } | { readonly problem: string };

interface Parts {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly rest: string;
}

/** What a scheme asks of its URI; returns words for what is wrong, or the parts in their one spelling. */
type Rule = (parts: Parts) => Parts | string;

const bucket =
  (form: string): Rule =>
  (parts) =>
    parts.authority === '' ? `needs a bucket, like ${form}` : parts;

/** host[:port], then database, schema and table, or fewer of them. */
const table =
  (scheme: string, port: string, form: string): Rule =>
  (parts) => {
    if (parts.authority === '') return `needs a host, like ${form}`;
    const named = parts.path.split('/').filter((part) => part !== '');
    if (named.length === 0 || named.length > 3) return `must name a database, a schema and a table (or fewer), like ${form}`;
    const host = parts.authority.toLowerCase();
    return { ...parts, scheme, authority: /:\d+$/.test(host) ? host : `${host}:${port}`, path: `/${named.join('/')}` };
  };

const POSTGRES = table('postgres', '5432', 'postgres://host/database/schema/table');
const MYSQL = table('mysql', '3306', 'mysql://host/database/table');

const RULES: Readonly<Record<string, Rule>> = {
  file: (parts) => (parts.path === '' ? 'needs a path, like file:///data/orders.csv' : parts),
  s3: bucket('s3://bucket/key'),
  gs: bucket('gs://bucket/key'),
  gcs: (parts) => bucket('gs://bucket/key')({ ...parts, scheme: 'gs' }),
  postgres: POSTGRES,
  postgresql: POSTGRES,
  mysql: MYSQL,
  mariadb: MYSQL,
  http: (parts) =>
    parts.authority === '' ? 'needs a host' : { ...parts, authority: parts.authority.toLowerCase().replace(/(:80)+$/, '') },
  https: (parts) =>
    parts.authority === '' ? 'needs a host' : { ...parts, authority: parts.authority.toLowerCase().replace(/(:443)+$/, '') },
};

const FORM = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(.*)$/s;

/**
 * Returns the URI in its one spelling: scheme in lower case, no password, no fragment, no slash at the end, sorted query, and
 * what its scheme asks for. Text without a scheme stays as it is. Normalising twice changes nothing.
 */
export function normaliseUri(text: string): NormalisedUri {
  const trimmed = text.trim();
  if (trimmed === '') return { problem: 'is empty' };
  if (trimmed.length > ASSET_LIMITS.textChars) return { problem: `is longer than ${ASSET_LIMITS.textChars} characters` };
  if (/[^\x20-\x7e]/.test(trimmed)) return { problem: 'may hold only printable ASCII characters; write others as %XX' };
  const match = FORM.exec(trimmed);
  if (!match) return { uri: trimmed };
  const scheme = (match[1] as string).toLowerCase();
  if (scheme === 'airflow' || scheme === 'windlass') return { problem: `uses the scheme ${scheme}:, which is reserved` };
  // "orders:v2" is a name with a colon, not a place.
  if (match[2] === undefined && !Object.hasOwn(RULES, scheme)) return { uri: trimmed };
  if (trimmed.includes(' ')) return { problem: 'may hold no blanks; write them as %20' };
  const parts: Parts = {
    scheme,
    authority: withoutPassword(match[2] ?? ''),
    path: cleanPath(match[3] ?? ''),
    rest: sortedQuery(match[4] ?? ''),
  };
  const checked = Object.hasOwn(RULES, scheme) ? (RULES[scheme] as Rule)(parts) : parts;
  if (typeof checked === 'string') return { problem: checked };
  return { uri: `${checked.scheme}://${checked.authority}${checked.path}${checked.rest}` };
}

/** Who connects is no part of what the place is; and a password in a URI would be shown on pages. */
function withoutPassword(authority: string): string {
  const at = authority.lastIndexOf('@');
  return at < 0 ? authority : authority.slice(at + 1);
}

function cleanPath(path: string): string {
  return path.replace(/\/+$/, '');
}

function sortedQuery(rest: string): string {
  const pairs = (/^\?([^#]*)/.exec(rest)?.[1] ?? '').split('&').filter(Boolean);
  return pairs.length === 0 ? '' : `?${pairs.sort().join('&')}`;
}
