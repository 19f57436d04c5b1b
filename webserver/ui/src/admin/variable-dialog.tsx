import { useState } from 'react';
import { Field, Input, TextArea } from '#ui-kit/fields.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import type { UiVariable } from '../../../ui-api/admin-types.ts';
import { useVariableChanges } from './admin-requests.ts';
import { UNCHANGED } from './connection-form.ts';
import { EditDialog } from './edit-dialog.tsx';

const KEY_MAX_CHARS = 250;

/** Makes a variable, or changes one of the database. `variable` is null for a new one. */
export function VariableDialog({ variable, onClose }: { variable: UiVariable | null; onClose: () => void }) {
  const [key, setKey] = useState(variable?.key ?? '');
  const [value, setValue] = useState(variable?.value ?? '');
  const [description, setDescription] = useState(variable?.description ?? '');
  const { save } = useVariableChanges();
  const toast = useToast();
  const isNew = variable === null;
  const onSave = () =>
    save.mutate(
      { body: { key, value, description: description.trim() === '' ? null : description.trim() }, isNew },
      {
        onSuccess: () => {
          toast({ tone: 'good', title: isNew ? 'Variable added' : 'Variable changed', detail: key });
          onClose();
        },
      },
    );
  return (
    <EditDialog
      title={isNew ? 'New variable' : key}
      description="Kept encrypted. Values whose name tells of a secret (password, token, api_key …) are never shown again."
      error={save.error}
      isBusy={save.isPending}
      isSaveable={key !== ''}
      onSave={onSave}
      onClose={onClose}
    >
      {isNew ? (
        <Field label="Key" isRequired>
          <Input
            className="font-mono text-xs"
            placeholder="region"
            maxLength={KEY_MAX_CHARS}
            value={key}
            onChange={(event) => setKey(event.target.value.trim())}
          />
        </Field>
      ) : null}
      <Field label="Value" hint={value === UNCHANGED ? 'Kept as it is; type to replace it' : 'Text, or JSON for {{ var.json.… }}'}>
        <TextArea
          rows={5}
          spellCheck={false}
          className="font-mono text-xs"
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
      </Field>
      <Field label="Description">
        <Input value={description} onChange={(event) => setDescription(event.target.value)} />
      </Field>
    </EditDialog>
  );
}
