import { Field, Input, Select, TextArea } from '#ui-kit/fields.tsx';
import { Switch } from '#ui-kit/switch.tsx';
import type { Entry, ParamField } from './param-schema.ts';

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const INPUT_TYPES = { text: 'text', number: 'number', integer: 'number', date: 'date', time: 'time', datetime: 'datetime-local' } as const;

/** The field of one param, by its kind. */
export function ParamInput({
  field,
  entry,
  error,
  onChange,
}: {
  field: ParamField;
  entry: Entry;
  error: string | undefined;
  onChange: (entry: Entry) => void;
}) {
  if (field.kind === 'boolean')
    return (
      <div className="flex items-start gap-3 py-1">
        <span className="mt-px">
          <Switch label={field.label} isOn={entry === true} onChange={onChange} />
        </span>
        <div>
          <p className="text-sm font-medium">{field.label}</p>
          {field.description === null ? null : <p className="text-xs text-ink-3">{field.description}</p>}
        </div>
      </div>
    );
  return (
    <Field label={field.label} hint={hintOf(field)} error={error} isRequired={field.isRequired}>
      <Control field={field} entry={String(entry)} isInvalid={error !== undefined} onChange={onChange} />
    </Field>
  );
}

function Control({
  field,
  entry,
  isInvalid,
  onChange,
}: {
  field: ParamField;
  entry: string;
  isInvalid: boolean;
  onChange: (entry: Entry) => void;
}) {
  const { kind } = field;
  const listId = field.suggestions.length > 1 ? `suggestions-${field.name}` : undefined;
  if (kind === 'enum')
    return (
      <Select aria-invalid={isInvalid} value={entry} onChange={(event) => onChange(event.target.value)} className="w-full">
        {field.isNullable || entry === '' || entry === '-1' ? <option value="">–</option> : null}
        {field.options.map((option, index) => (
          <option key={JSON.stringify(option)} value={index}>
            {field.optionLabels[index]}
          </option>
        ))}
      </Select>
    );
  if (kind === 'multiline' || kind === 'strings' || kind === 'json')
    return (
      <TextArea
        aria-invalid={isInvalid}
        spellCheck={kind === 'multiline'}
        rows={Math.min(10, Math.max(3, entry.split('\n').length))}
        value={entry}
        onChange={(event) => onChange(event.target.value)}
        className={kind === 'multiline' ? '' : 'font-mono !text-xs leading-[18px]'}
      />
    );
  return (
    <>
      <Input
        list={listId}
        type={INPUT_TYPES[kind as keyof typeof INPUT_TYPES] ?? 'text'}
        aria-invalid={isInvalid}
        step={kind === 'integer' || kind === 'datetime' ? 1 : kind === 'number' ? 'any' : undefined}
        min={field.minimum ?? undefined}
        max={field.maximum ?? undefined}
        placeholder={field.placeholder ?? undefined}
        value={entry}
        onChange={(event) => onChange(event.target.value)}
      />
      {listId === undefined ? null : (
        <datalist id={listId}>
          {field.suggestions.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </>
  );
}

function hintOf(field: ParamField): string | undefined {
  const parts = [field.description?.replace(/([^.!?:])$/, '$1.') ?? null];
  if (field.kind === 'strings') parts.push('One a line.');
  if (field.kind === 'json') parts.push('As JSON.');
  if (field.kind === 'datetime') parts.push(`In ${ZONE}.`);
  const text = parts.filter((part) => part !== null).join(' ');
  return text === '' ? undefined : text;
}
