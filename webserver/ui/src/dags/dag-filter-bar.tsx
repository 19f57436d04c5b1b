import { Select } from '#ui-kit/fields.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { DebouncedSearch } from '../shell/debounced-search.tsx';
import { useUrlState } from '../shell/url-state.ts';

const PAUSED = [
  { value: '', label: 'All' },
  { value: 'false', label: 'Active' },
  { value: 'true', label: 'Paused' },
] as const;

const LAST_RUN_STATES = ['running', 'queued', 'failed', 'success'] as const;

/** Search and filters of the DAG list; all of them live in the address. */
export function DagFilterBar({ tags }: { tags: readonly string[] }) {
  const [params, change] = useUrlState();
  const filter = (name: string, value: string) => change({ [name]: value, offset: null });
  return (
    <search className="flex flex-wrap items-center gap-2">
      <DebouncedSearch
        value={params.get('search') ?? ''}
        onSettled={(text) => filter('search', text)}
        label="Search DAGs"
        className="w-full sm:w-72"
      />
      <Segmented
        label="Paused or active"
        options={PAUSED}
        value={(params.get('paused') ?? '') as '' | 'true' | 'false'}
        onChange={(value) => filter('paused', value)}
      />
      <Select aria-label="Last run state" value={params.get('state') ?? ''} onChange={(event) => filter('state', event.target.value)}>
        <option value="">Any last run</option>
        {LAST_RUN_STATES.map((state) => (
          <option key={state} value={state}>
            Last run {state}
          </option>
        ))}
      </Select>
      {tags.length === 0 && params.get('tag') === null ? null : (
        <Select aria-label="Tag" value={params.get('tag') ?? ''} onChange={(event) => filter('tag', event.target.value)}>
          <option value="">Any tag</option>
          {tags.map((tag) => (
            <option key={tag} value={tag}>
              {tag}
            </option>
          ))}
        </Select>
      )}
    </search>
  );
}
