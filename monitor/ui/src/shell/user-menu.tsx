import { Eye, LogOut } from 'lucide-react';
import { Button } from '#ui-kit/button.tsx';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import type { MonitorSession } from '../../../api/types.ts';
import { useLogout } from '../api/session.ts';

/** Who is logged in, whether they may only look, and the way out. */
export function UserMenu({ session }: { session: MonitorSession }) {
  const logout = useLogout();
  return (
    <span className="ml-1 flex items-center gap-1.5 border-l border-line pl-3 text-xs">
      {session.canControl ? null : (
        <Tooltip content="Your role may look at everything; controlling workers needs op or admin.">
          <Eye size={14} className="text-ink-3" aria-label="Read only" />
        </Tooltip>
      )}
      <span className="hidden text-ink-2 sm:inline">{session.username}</span>
      <Button
        variant="ghost"
        size="sm"
        aria-label={`Log out ${session.username}`}
        title="Log out"
        icon={<LogOut size={14} />}
        isBusy={logout.isPending}
        onClick={() => logout.mutate()}
      />
    </span>
  );
}
