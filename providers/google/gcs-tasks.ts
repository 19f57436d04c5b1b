/** Google Cloud Storage as tasks, and as what a sensor waits for. */
import { type Field, fields, optional, TEXT } from '#sdk/fields.ts';
import { type Ctx, defineTask, notYet, type Pending } from '#sdk/index.ts';
import { connectGcs, type GcsObject } from './gcs.ts';

const FLAG: Field = { fits: (value) => typeof value === 'boolean', wanted: 'true or false' };

export interface GcsUploadInput {
  readonly path: string;
  /** `gs://bucket/folder/file`. */
  readonly uri: string;
  readonly contentType?: string;
  readonly ifAbsent?: boolean;
  /** Default `google_cloud_default`. */
  readonly connection?: string;
}

/** `task("send", { path: file.at("path"), uri: "gs://bucket/trips.parquet" }, gcsUpload)`. */
export const gcsUpload = defineTask({
  name: 'gcs_upload',
  input: fields<GcsUploadInput>({
    path: TEXT,
    uri: TEXT,
    contentType: optional(TEXT),
    ifAbsent: optional(FLAG),
    connection: optional(TEXT),
  }),
  templateFields: ['path', 'uri'],
  run: async ({ path, uri, connection, ...options }, ctx): Promise<GcsObject> => {
    const sent = await (await connectGcs(ctx, connection)).upload(path, uri, options);
    ctx.log.info(`uploaded ${sent.uri}`, { bytes: sent.bytes });
    return sent;
  },
});

export interface GcsDownloadInput {
  readonly uri: string;
  readonly path: string;
  readonly connection?: string;
}

export const gcsDownload = defineTask({
  name: 'gcs_download',
  input: fields<GcsDownloadInput>({ uri: TEXT, path: TEXT, connection: optional(TEXT) }),
  templateFields: ['uri', 'path'],
  run: async ({ uri, path, connection }, ctx): Promise<GcsObject & { readonly path: string }> => {
    const object = await (await connectGcs(ctx, connection)).download(uri, path);
    ctx.log.info(`downloaded ${uri}`, { bytes: object.bytes });
    return { ...object, path };
  },
});

export interface GcsListInput {
  /** All whose names begin with it. */
  readonly uri: string;
  readonly connection?: string;
}

export const gcsList = defineTask({
  name: 'gcs_list',
  input: fields<GcsListInput>({ uri: TEXT, connection: optional(TEXT) }),
  templateFields: ['uri'],
  run: async ({ uri, connection }, ctx): Promise<readonly GcsObject[]> => (await connectGcs(ctx, connection)).list(uri),
});

/** Deletes all whose names begin with `uri`; the result is how many. */
export const gcsDelete = defineTask({
  name: 'gcs_delete',
  input: fields<GcsListInput>({ uri: TEXT, connection: optional(TEXT) }),
  templateFields: ['uri'],
  run: async ({ uri, connection }, ctx): Promise<number> => {
    const deleted = await (await connectGcs(ctx, connection)).deleteAll(uri);
    ctx.log.info(`deleted ${deleted} objects of ${uri}`);
    return deleted;
  },
});

/** `sensor("arrived", gcsObjectExists("gs://bucket/{{ ds }}/_SUCCESS"), { every: "1m" })`; the result is the object. */
export function gcsObjectExists(
  uri: string,
  options: { readonly connection?: string } = {},
): (ctx: Ctx<unknown>) => Promise<GcsObject | Pending> {
  return async (ctx) => {
    const rendered = await ctx.template(uri);
    const gcs = await connectGcs(ctx, options.connection);
    return (await gcs.find(rendered)) ?? notYet({ note: `${rendered} is not there` });
  };
}
