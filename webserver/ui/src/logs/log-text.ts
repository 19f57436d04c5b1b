/** A log line as text: its message and its fields, as shown, searched, copied and downloaded. Pure. */
import type { UiLogLine } from '../../../ui-api/types.ts';
import { stripAnsi } from './ansi.ts';

/** ` key=value` for each field, as people grep for it. Windlass' own lines say all in words; their fields are for machines. */
export function fieldsText(line: UiLogLine): string {
  if (line.fields === undefined || line.source === 'system') return '';
  return Object.entries(line.fields)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('');
}

/** Tabs as four spaces, so that every character has one width; no trailing line break. */
export function messageText(line: UiLogLine): string {
  return line.message.replaceAll('\t', '    ').replaceAll('\r', '').replace(/\n+$/, '');
}

/** What a search looks at, in lower case. */
export function searchText(line: UiLogLine): string {
  return (stripAnsi(line.message) + fieldsText(line)).toLowerCase();
}

/** One line of the downloaded file. */
export function plainLine(line: UiLogLine): string {
  return `${line.timestamp ?? '-'} ${line.level.toUpperCase().padEnd(7)} [${line.source}] ${stripAnsi(line.message)}${fieldsText(line)}`;
}
