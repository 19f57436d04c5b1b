import { Switch } from '#ui-kit/switch.tsx';
import { usePauseDag } from '../api/actions.ts';
import { useMayEdit } from '../api/session.ts';

/** On = the schedule runs. Shows the wished state at once and falls back if the server refuses. */
export function PauseSwitch({ dagId, isPaused }: { dagId: string; isPaused: boolean }) {
  const pause = usePauseDag();
  const mayEdit = useMayEdit();
  const shown = pause.isPending ? pause.variables.isPaused : isPaused;
  return (
    <Switch
      label={shown ? `Unpause ${dagId}` : `Pause ${dagId}`}
      title={shown ? 'Paused: no run starts by schedule' : 'Active: runs start by schedule'}
      isOn={!shown}
      disabled={!mayEdit}
      onChange={(isOn) => pause.mutate({ dagId, isPaused: !isOn })}
    />
  );
}
