/** What a body reads, fetched from the XCom backend where it lies there, frames too. */
import type { ItemParts } from '#core/task-protocol.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import { readElement } from '#platform/db/queries/read-items.ts';
import type { BodyInputs } from '../body-reads.ts';
import type { RequestDeps } from './requests.ts';

export interface Stored {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly item: ItemParts | null;
}

/** Rejects with NOT_FOUND when something is not there any more. */
export async function readStored(
  { inputs, mapped }: BodyInputs,
  { large, frames }: Pick<RequestDeps, 'large' | 'frames'>,
  reader: Pick<Claimed, 'dagRunId' | 'dagId' | 'runId'>,
): Promise<Stored> {
  const get = (ref: string) => large.get(ref);
  const read = await eachValue(inputs, async (input) => frames.bring(await input.read(get), reader));
  if (mapped === null) return { inputs: read, item: null };
  const values = await eachValue(mapped.elements, async (element) => frames.bring(await readElement(element, get), reader));
  return { inputs: read, item: { lengths: mapped.lengths, values } };
}

async function eachValue<T>(record: Readonly<Record<string, T>>, read: (value: T) => Promise<unknown>): Promise<Record<string, unknown>> {
  return Object.fromEntries(await Promise.all(Object.entries(record).map(async ([key, value]) => [key, await read(value)] as const)));
}
