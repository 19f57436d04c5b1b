import { useState } from 'react';
import { Field, Input } from '#ui-kit/fields.tsx';
import { Switch } from '#ui-kit/switch.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import { type RestPool, usePoolChanges } from './admin-requests.ts';
import { EditDialog } from './edit-dialog.tsx';

const SLOTS = /^(-1|\d{1,6})$/;

/** Makes a pool or changes one. `pool` is null for a new one. */
export function PoolDialog({ pool, onClose }: { pool: RestPool | null; onClose: () => void }) {
  const [name, setName] = useState(pool?.name ?? '');
  const [slots, setSlots] = useState(pool === null ? '8' : String(pool.slots));
  const [description, setDescription] = useState(pool?.description ?? '');
  const [countsDeferred, setCountsDeferred] = useState(pool?.include_deferred ?? false);
  const { save } = usePoolChanges();
  const toast = useToast();
  const isNew = pool === null;
  const areSlotsRight = SLOTS.test(slots);
  const onSave = () =>
    save.mutate(
      {
        body: {
          name,
          slots: Number(slots),
          description: description.trim() === '' ? null : description.trim(),
          include_deferred: countsDeferred,
        },
        isNew,
      },
      {
        onSuccess: () => {
          toast({ tone: 'good', title: isNew ? 'Pool added' : 'Pool changed', detail: `${name}: ${slots} slots` });
          onClose();
        },
      },
    );
  return (
    <EditDialog
      title={isNew ? 'New pool' : name}
      description="What runs now keeps its slots when a pool shrinks; nothing new starts until it fits."
      error={save.error}
      isBusy={save.isPending}
      isSaveable={name !== '' && areSlotsRight}
      onSave={onSave}
      onClose={onClose}
    >
      <div className="grid gap-4 sm:grid-cols-[1fr_140px]">
        <Field label="Name" isRequired>
          <Input
            className="font-mono text-xs"
            placeholder="warehouse"
            disabled={!isNew}
            maxLength={250}
            value={name}
            onChange={(event) => setName(event.target.value.trim())}
          />
        </Field>
        <Field label="Slots" isRequired hint="-1: no limit" error={areSlotsRight ? undefined : 'A number up to 999999, or -1.'}>
          <Input inputMode="numeric" value={slots} onChange={(event) => setSlots(event.target.value.trim())} />
        </Field>
      </div>
      <Field label="Description">
        <Input value={description} onChange={(event) => setDescription(event.target.value)} />
      </Field>
      <div className="flex items-center gap-3">
        <Switch label="Deferred tasks hold slots" isOn={countsDeferred} onChange={setCountsDeferred} />
        <span className="text-ink-2">Deferred tasks hold slots, too</span>
      </div>
    </EditDialog>
  );
}
