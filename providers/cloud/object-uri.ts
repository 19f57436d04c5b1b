import { Fatal } from '#sdk/outcomes.ts';

export interface ObjectPlace {
  readonly bucket: string;
  /** Without a leading slash; empty = the whole bucket. */
  readonly name: string;
}

/** `gs://bucket/folder/file` -> its parts. Throws Fatal for anything else. */
export function parseObjectUri(uri: string, scheme: 'gs' | 's3'): ObjectPlace {
  const match = new RegExp(`^${scheme}://([^/]+)(?:/(.*))?$`).exec(uri);
  if (match === null) throw new Fatal(`${JSON.stringify(uri)} is no address of an object. Write it as ${scheme}://bucket/folder/file.`);
  return { bucket: match[1] as string, name: match[2] ?? '' };
}

/** The same, of one object. */
export function parseOneObject(uri: string, scheme: 'gs' | 's3'): ObjectPlace {
  const place = parseObjectUri(uri, scheme);
  if (place.name === '' || place.name.endsWith('/')) throw new Fatal(`${JSON.stringify(uri)} names no object. Add the file's name.`);
  return place;
}

/** `gs://bucket/folder` + `a/b` -> `gs://bucket/folder/a/b`. */
export function joinUri(uri: string, path: string): string {
  return `${uri.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}
