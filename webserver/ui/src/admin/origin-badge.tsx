import { Badge } from '#ui-kit/badge.tsx';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import type { UiOrigin } from '../../../ui-api/admin-types.ts';

const WORDS: Readonly<Record<UiOrigin, string>> = { environment: 'Environment', profile: 'io_config.yaml', database: 'Database' };

/** Where a value stands, and whether another place hides it. */
export function OriginBadge({ origin, name, hiddenBy }: { origin: UiOrigin; name: string | null; hiddenBy: UiOrigin | null }) {
  const badge = <Badge tone={origin === 'database' ? 'neutral' : 'accent'}>{WORDS[origin]}</Badge>;
  return (
    <span className="flex flex-wrap items-center gap-1.5">
      {name === null ? badge : <Tooltip content={origin === 'profile' ? `Profile ${name}` : name}>{badge}</Tooltip>}
      {hiddenBy === null ? null : (
        <Tooltip content={`Tasks get the one of ${WORDS[hiddenBy] === 'Environment' ? 'the environment' : WORDS[hiddenBy]} instead.`}>
          <Badge tone="warning">Not used</Badge>
        </Tooltip>
      )}
    </span>
  );
}
