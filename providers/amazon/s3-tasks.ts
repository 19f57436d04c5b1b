/** Amazon S3 as tasks, and as what a sensor waits for. */
import { fields, optional, TEXT } from '#sdk/fields.ts';
import { type Ctx, defineTask, notYet, type Pending } from '#sdk/index.ts';
import { connectS3, type S3Object } from './s3.ts';

export interface S3UploadInput {
  readonly path: string;
  /** `s3://bucket/folder/file`. */
  readonly uri: string;
  readonly contentType?: string;
  /** Default `aws_default`. */
  readonly connection?: string;
}

/** `task("send", { path: file.at("path"), uri: "s3://bucket/trips.parquet" }, s3Upload)`. */
export const s3Upload = defineTask({
  name: 's3_upload',
  input: fields<S3UploadInput>({ path: TEXT, uri: TEXT, contentType: optional(TEXT), connection: optional(TEXT) }),
  templateFields: ['path', 'uri'],
  run: async ({ path, uri, connection, ...options }, ctx): Promise<S3Object> => {
    await using s3 = await connectS3(ctx, connection);
    const sent = await s3.upload(path, uri, options);
    ctx.log.info(`uploaded ${sent.uri}`, { bytes: sent.bytes });
    return sent;
  },
});

export interface S3DownloadInput {
  readonly uri: string;
  readonly path: string;
  readonly connection?: string;
}

export const s3Download = defineTask({
  name: 's3_download',
  input: fields<S3DownloadInput>({ uri: TEXT, path: TEXT, connection: optional(TEXT) }),
  templateFields: ['uri', 'path'],
  run: async ({ uri, path, connection }, ctx): Promise<S3Object & { readonly path: string }> => {
    await using s3 = await connectS3(ctx, connection);
    const object = await s3.download(uri, path);
    ctx.log.info(`downloaded ${uri}`, { bytes: object.bytes });
    return { ...object, path };
  },
});

export interface S3ListInput {
  /** All whose keys begin with it. */
  readonly uri: string;
  readonly connection?: string;
}

export const s3List = defineTask({
  name: 's3_list',
  input: fields<S3ListInput>({ uri: TEXT, connection: optional(TEXT) }),
  templateFields: ['uri'],
  run: async ({ uri, connection }, ctx): Promise<readonly S3Object[]> => {
    await using s3 = await connectS3(ctx, connection);
    return s3.list(uri);
  },
});

/** Deletes all whose keys begin with `uri`; the result is how many. */
export const s3Delete = defineTask({
  name: 's3_delete',
  input: fields<S3ListInput>({ uri: TEXT, connection: optional(TEXT) }),
  templateFields: ['uri'],
  run: async ({ uri, connection }, ctx): Promise<number> => {
    await using s3 = await connectS3(ctx, connection);
    const deleted = await s3.deleteAll(uri);
    ctx.log.info(`deleted ${deleted} objects of ${uri}`);
    return deleted;
  },
});

/** `sensor("arrived", s3ObjectExists("s3://bucket/{{ ds }}/_SUCCESS"), { every: "1m" })`; the result is the object. */
export function s3ObjectExists(
  uri: string,
  options: { readonly connection?: string } = {},
): (ctx: Ctx<unknown>) => Promise<S3Object | Pending> {
  return async (ctx) => {
    const rendered = await ctx.template(uri);
    await using s3 = await connectS3(ctx, options.connection);
    return (await s3.find(rendered)) ?? notYet({ note: `${rendered} is not there` });
  };
}
