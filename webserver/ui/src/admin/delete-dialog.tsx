import { Button } from '#ui-kit/button.tsx';
import { Dialog } from '#ui-kit/dialog.tsx';

/** Asks before something is deleted. */
export function DeleteDialog({
  what,
  effect,
  error,
  isBusy,
  onDelete,
  onClose,
}: {
  /** "the connection warehouse" */
  what: string;
  effect: string;
  error: Error | null;
  isBusy: boolean;
  onDelete: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog
      title={`Delete ${what}?`}
      width="sm"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="danger" isBusy={isBusy} onClick={onDelete}>
            Delete
          </Button>
        </>
      }
    >
      <p className="text-ink-2">{effect}</p>
      {error === null ? null : (
        <p role="alert" className="mt-3 rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 break-words">
          {error.message}
        </p>
      )}
    </Dialog>
  );
}
