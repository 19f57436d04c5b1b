/** What bodies read before they begin: results of upstreams and elements of lists, of all slots in shared statements. */
import type { Queryable } from '#platform/db/client.ts';
import { type InputRequest, type ReadInputs, readInputs } from '#platform/db/queries/read-inputs.ts';
import { type ItemRequest, type ReadItem, readItems } from '#platform/db/queries/read-items.ts';
import { GroupCommit } from '#platform/service/group-commit.ts';

export interface BodyRead extends InputRequest, ItemRequest {}

export interface BodyInputs {
  /** Upstream results by task id; a list for a mapped upstream. */
  readonly inputs: ReadInputs;
  /** Null when the instance is not mapped. */
  readonly mapped: ReadItem | null;
}

export class BodyReads {
  readonly #reads: GroupCommit<BodyRead, BodyInputs>;

  constructor(db: Queryable) {
    this.#reads = new GroupCommit(async (requests) => {
      const [inputs, items] = await Promise.all([readInputs(db, requests), readItems(db, requests)]);
      return requests.map(({ attemptId }) => ({ inputs: inputs.get(attemptId) ?? {}, mapped: items.get(attemptId) ?? null }));
    });
  }

  /** May run beside the claim or the start: what upstreams have returned changes no more. */
  read(request: BodyRead): Promise<BodyInputs> {
    const nothing = request.reads.length === 0 && (request.scope === null || request.mapIndex < 0);
    return nothing ? Promise.resolve({ inputs: {}, mapped: null }) : this.#reads.add(request);
  }
}
