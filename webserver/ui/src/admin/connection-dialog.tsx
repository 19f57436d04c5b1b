import { useState } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { Field, Input, Select, TextArea } from '#ui-kit/fields.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import type { UiConnection } from '../../../ui-api/admin-types.ts';
import { useConnectionChanges, useFormTest } from './admin-requests.ts';
import { bodyOf, type ConnectionForm, formOf, problemsOf, UNCHANGED } from './connection-form.ts';
import { CONNECTION_TYPES, type ConnectionField, connectionType } from './connection-types.ts';
import { EditDialog } from './edit-dialog.tsx';
import { TestFinding } from './test-finding.tsx';

const OTHER = '';

/** Makes a connection, or changes one of the database. `connection` is null for a new one. */
export function ConnectionDialog({ connection, onClose }: { connection: UiConnection | null; onClose: () => void }) {
  const [form, setForm] = useState(() => formOf(connection));
  const [isTouched, setTouched] = useState(false);
  const { save } = useConnectionChanges();
  const test = useFormTest();
  const toast = useToast();
  const isNew = connection === null;
  const problems = problemsOf(form);
  const shown = isTouched || !isNew ? problems : {};
  const change = (part: Partial<ConnectionForm>) => {
    setForm((old) => ({ ...old, ...part }));
    // What was found is of what stood there before.
    test.reset();
  };
  const type = connectionType(form.type);
  const isListed = CONNECTION_TYPES.some((one) => one.type === form.type);
  const onTest = () => {
    setTouched(true);
    // Without an id it can be tried all the same.
    const body = bodyOf({ ...form, id: form.id === '' ? 'new' : form.id });
    if (Object.keys(problemsOf({ ...form, id: body.connection_id })).length === 0) test.mutate(body);
  };
  const onSave = () => {
    setTouched(true);
    if (Object.keys(problems).length > 0) return;
    save.mutate(
      { body: bodyOf(form), isNew },
      {
        onSuccess: () => {
          toast({ tone: 'good', title: isNew ? 'Connection added' : 'Connection changed', detail: form.id });
          onClose();
        },
      },
    );
  };
  return (
    <EditDialog
      title={isNew ? 'New connection' : form.id}
      description={isNew ? 'Kept encrypted in the database; tasks read it with ctx.conn(id).' : undefined}
      error={save.error}
      isBusy={save.isPending}
      isSaveable={form.id !== ''}
      onSave={onSave}
      onClose={onClose}
      beside={
        <Button className="mr-auto" isBusy={test.isPending} onClick={onTest}>
          Test
        </Button>
      }
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Connection id" isRequired error={shown.id}>
          <Input
            className="font-mono text-xs"
            placeholder="warehouse"
            disabled={!isNew}
            value={form.id}
            onChange={(event) => change({ id: event.target.value.trim() })}
          />
        </Field>
        <Field label="Type" isRequired error={shown.type}>
          <Select value={isListed ? form.type : OTHER} onChange={(event) => change({ type: event.target.value })}>
            {CONNECTION_TYPES.map((one) => (
              <option key={one.type} value={one.type}>
                {one.label}
              </option>
            ))}
            <option value={OTHER}>Another type</option>
          </Select>
        </Field>
      </div>
      {isListed ? null : (
        <Field label="Name of the type" isRequired hint="What the code that uses the connection calls it" error={shown.type}>
          <Input className="font-mono text-xs" value={form.type} onChange={(event) => change({ type: event.target.value })} />
        </Field>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        {Object.entries(type.fields).map(([name, label]) => (
          <TypedField
            key={name}
            name={name as ConnectionField}
            label={label}
            defaultPort={type.defaultPort}
            form={form}
            error={shown[name as ConnectionField]}
            onChange={change}
          />
        ))}
      </div>
      <Field label="Extra" hint={type.extraHint} error={shown.extra}>
        <TextArea
          rows={3}
          spellCheck={false}
          className="font-mono text-xs"
          placeholder={type.extraExample}
          value={form.extra}
          onChange={(event) => change({ extra: event.target.value })}
        />
      </Field>
      <Field label="Description">
        <Input value={form.description} onChange={(event) => change({ description: event.target.value })} />
      </Field>
      <TestFinding finding={test.data} error={test.error} />
    </EditDialog>
  );
}

function TypedField({
  name,
  label,
  defaultPort,
  form,
  error,
  onChange,
}: {
  name: ConnectionField;
  label: string;
  defaultPort: number | undefined;
  form: ConnectionForm;
  error: string | undefined;
  onChange: (part: Partial<ConnectionForm>) => void;
}) {
  const isSecret = name === 'password';
  const isKept = isSecret && form.password === UNCHANGED;
  return (
    <Field label={label} error={error} hint={isKept ? 'Kept as it is; type to replace it' : undefined}>
      <Input
        type={isSecret ? 'password' : 'text'}
        autoComplete={isSecret ? 'new-password' : 'off'}
        inputMode={name === 'port' ? 'numeric' : undefined}
        placeholder={name === 'port' && defaultPort !== undefined ? String(defaultPort) : undefined}
        value={form[name]}
        onFocus={isKept ? (event) => event.target.select() : undefined}
        onChange={(event) => onChange({ [name]: event.target.value })}
      />
    </Field>
  );
}
