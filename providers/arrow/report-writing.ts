/** What the writers of frames tell the catalogue: the columns before they publish, and what they wrote after. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Schema } from 'apache-arrow';
import type { AssetColumn } from '#core/assets/asset-version.ts';

export function columnsOf(schema: Schema): readonly AssetColumn[] {
  return schema.fields.map((field) => ({ name: field.name, type: String(field.type), nullable: field.nullable }));
}

/** `file:///lake/orders.parquet`. */
export function uriOfFile(path: string): string {
  return pathToFileURL(resolve(path)).href;
}
