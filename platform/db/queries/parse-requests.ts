import type { Queryable } from '../client.ts';
import type { FileOfBundle } from './save-parsed-file.ts';

const ASK = {
  name: 'ask_to_parse',
  text: `insert into parse_request (bundle_name, file_path) select * from unnest($1::text[], $2::text[])
         on conflict (bundle_name, file_path) do update set asked_at = clock_timestamp()`,
};

/** askToParse    who: API and CLI. The DAG processor takes it within a second or so. Asking twice is harmless. */
export async function askToParse(db: Queryable, files: readonly FileOfBundle[]): Promise<void> {
  await db.query(ASK, [files.map((file) => file.bundleName), files.map((file) => file.filePath)]);
}

const TAKE = {
  name: 'take_parse_requests',
  text: `delete from parse_request where bundle_name = any($1::text[]) returning bundle_name as "bundleName", file_path as "filePath"`,
};

/** takeParseRequests    who: DAG processor, for its bundles. Deletes what it returns; zero rows = nobody asked. */
export async function takeParseRequests(db: Queryable, bundleNames: readonly string[]): Promise<readonly FileOfBundle[]> {
  return (await db.query<FileOfBundle>(TAKE, [bundleNames])).rows;
}
