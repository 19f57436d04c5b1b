import { useState } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { Dialog } from '#ui-kit/dialog.tsx';
import { Field, Input, TextArea } from '#ui-kit/fields.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import type { UiAsset } from '../../../ui-api/asset-types.ts';
import { useCreateEvent } from './asset-requests.ts';

/** Says by hand that an asset was updated. */
export function EventDialog({ asset, onClose }: { asset: UiAsset; onClose: () => void }) {
  const [extra, setExtra] = useState('');
  const [key, setKey] = useState('');
  const create = useCreateEvent();
  const toast = useToast();
  const parsed = parseObject(extra);
  const submit = () => {
    if (parsed === null) return;
    create.mutate(
      { asset_id: asset.assetId, extra: parsed, partition_key: key.trim() === '' ? null : key.trim() },
      {
        onSuccess: () => {
          toast({ tone: 'good', title: 'Event created', detail: asset.name });
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      title={`${asset.name} was updated`}
      description={effectOf(asset)}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" isBusy={create.isPending} disabled={parsed === null} onClick={submit}>
            Create event
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {create.error === null ? null : (
          <p role="alert" className="rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 break-words">
            {create.error.message}
          </p>
        )}
        <Field
          label="Extra"
          hint="A JSON object that tasks read with the event; may stay empty"
          error={parsed === null ? 'This is no JSON object.' : undefined}
        >
          <TextArea
            rows={4}
            spellCheck={false}
            className="font-mono text-xs"
            placeholder='{ "rows": 1200 }'
            value={extra}
            onChange={(event) => setExtra(event.target.value)}
          />
        </Field>
        <Field label="Partition key" hint="Only for DAGs that run by partition; may stay empty">
          <Input className="font-mono text-xs" placeholder="2026-03-10" value={key} onChange={(event) => setKey(event.target.value)} />
        </Field>
      </div>
    </Dialog>
  );
}

function effectOf(asset: UiAsset): string {
  const dags = asset.waits.filter((one) => !one.isPaused).map((one) => one.dagId);
  if (dags.length === 0) return 'No active DAG waits for it: the event is only kept.';
  return dags.length === 1 ? `${dags[0]} waits for it.` : `${dags.length} DAGs wait for it: ${dags.join(', ')}.`;
}

/** {} for nothing, null for what is no object. */
function parseObject(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
