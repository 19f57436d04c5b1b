import type { ReactNode } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { Dialog } from '#ui-kit/dialog.tsx';

/** The window in which a connection, variable or pool is made or changed. Enter in a field saves. */
export function EditDialog({
  title,
  description,
  error,
  isBusy,
  isSaveable,
  onSave,
  onClose,
  beside,
  children,
}: {
  title: string;
  description?: ReactNode;
  error: Error | null;
  isBusy: boolean;
  isSaveable: boolean;
  onSave: () => void;
  onClose: () => void;
  /** Left of the buttons. */
  beside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Dialog
      title={title}
      description={description}
      onClose={onClose}
      footer={
        <>
          {beside}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form="edit" variant="primary" isBusy={isBusy} disabled={!isSaveable}>
            Save
          </Button>
        </>
      }
    >
      <form
        id="edit"
        noValidate
        autoComplete="off"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (isSaveable && !isBusy) onSave();
        }}
      >
        {error === null ? null : (
          <p role="alert" className="rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 break-words">
            {error.message}
          </p>
        )}
        {children}
      </form>
    </Dialog>
  );
}
