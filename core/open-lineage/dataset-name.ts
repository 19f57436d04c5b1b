/** How OpenLineage names a dataset: a namespace for where it is, a name for what it is there. */
export interface DatasetName {
  readonly namespace: string;
  readonly name: string;
}

const FORM = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)\/?(.*)$/;

/** `s3://lake/trips` is `trips` in `s3://lake`; a table is `database.schema.table` in `postgres://host:port`; a name alone is of the jobs' namespace. */
export function datasetNameOf({ name, uri }: { readonly name: string; readonly uri: string }, jobs: string): DatasetName {
  const match = FORM.exec(uri);
  if (!match) return { namespace: jobs, name };
  const [, scheme = '', authority = '', path = ''] = match;
  switch (scheme) {
    case 'file':
      return { namespace: 'file', name: `/${path}` };
    case 'postgres':
    case 'mysql':
      return { namespace: `${scheme}://${authority}`, name: path.replaceAll('/', '.') };
    case 'bigquery':
      return { namespace: 'bigquery', name: [authority, ...path.split('/')].filter((part) => part !== '').join('.') };
    default:
      return { namespace: `${scheme}://${authority}`, name: path === '' ? '/' : path };
  }
}
