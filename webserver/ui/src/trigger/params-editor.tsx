import type { ReactNode } from 'react';
import { TextArea } from '#ui-kit/fields.tsx';
import { ParamInput } from './param-input.tsx';
import { sectionsOf } from './param-schema.ts';
import type { ParamsForm } from './use-params.ts';

/** One field a param, by section. */
export function ParamsAsForm({ params }: { params: ParamsForm }) {
  return (
    <div className="flex flex-col gap-4">
      {sectionsOf(params.fields).map(({ title, fields }) => (
        <Section key={title ?? ''} title={title}>
          {fields.map((field) => (
            <ParamInput
              key={field.name}
              field={field}
              entry={params.entries[field.name] ?? ''}
              error={params.errors[field.name]}
              onChange={(entry) => params.setEntry(field.name, entry)}
            />
          ))}
        </Section>
      ))}
    </div>
  );
}

function Section({ title, children }: { title: string | null; children: ReactNode }) {
  if (title === null) return children;
  return (
    <fieldset className="flex flex-col gap-4 border-t border-line pt-3">
      <legend className="pr-2 text-xs font-medium text-ink-3">{title}</legend>
      {children}
    </fieldset>
  );
}

/** All params as one JSON text, in step with the form. */
export function ParamsAsJson({ params, hasSchema }: { params: ParamsForm; hasSchema: boolean }) {
  return (
    <div className="flex flex-col gap-1.5">
      {hasSchema ? null : <p className="text-xs text-ink-3">This DAG declares no params. What stands here is given to the run as it is.</p>}
      <JsonField value={params.json} onChange={params.setJson} isInvalid={params.jsonError !== null} />
      {params.jsonError === null ? null : (
        <p role="alert" className="text-xs text-danger">
          {params.jsonError}
        </p>
      )}
      {Object.entries(params.errors).map(([name, error]) => (
        <p key={name} role="alert" className="text-xs text-danger">
          {name}: {error}
        </p>
      ))}
    </div>
  );
}

function JsonField({ value, onChange, isInvalid }: { value: string; onChange: (text: string) => void; isInvalid: boolean }) {
  return (
    <TextArea
      aria-label="Params as JSON"
      aria-invalid={isInvalid}
      spellCheck={false}
      rows={Math.min(16, Math.max(5, value.split('\n').length + 1))}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="font-mono !text-xs leading-[18px]"
    />
  );
}
