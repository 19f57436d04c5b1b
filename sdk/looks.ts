/** Options that change what people see, never what runs: names, words, colours, owners. */
import { CSS_COLOUR, type DocFormat, type DocSpec, SPEC_LIMITS } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import * as read from './option-values.ts';
import type { OptionTable } from './unknown-option.ts';

export interface TaskLookOpts {
  /** Shown instead of the id. */
  displayName?: string;
  /** Default: the owner of the DAG. */
  owner?: string;
  docMd?: string;
  /** Plain text. */
  doc?: string;
  /** JSON text, or any plain value. */
  docJson?: unknown;
  docYaml?: string;
  docRst?: string;
  /** Of its node in the graph: "#e8f7e4" or a name of CSS. */
  uiColor?: string;
  uiFgcolor?: string;
}

export interface GroupOpts {
  /** Shown instead of the id. */
  displayName?: string;
  docMd?: string;
  /** Shown when the pointer rests on the group. */
  tooltip?: string;
  uiColor?: string;
  uiFgcolor?: string;
  /** Begins folded. */
  collapsed?: boolean;
  /** false: what is built in it keeps its own ids. */
  prefixGroupId?: boolean;
}

export const TASK_LOOK_TABLE: OptionTable = {
  displayName: 'known',
  owner: 'known',
  docMd: 'known',
  doc: 'known',
  docJson: 'known',
  docYaml: 'known',
  docRst: 'known',
  uiColor: 'known',
  uiFgcolor: 'known',
};

export const GROUP_LOOK_TABLE: OptionTable = {
  displayName: 'known',
  docMd: 'known',
  tooltip: 'known',
  uiColor: 'known',
  uiFgcolor: 'known',
  collapsed: 'known',
};

/** Absent = not given; these names are those of the spec. */
export interface TaskLooks {
  readonly displayName?: string;
  readonly owner?: string;
  readonly docs?: readonly DocSpec[];
  readonly uiColor?: string;
  readonly uiFgcolor?: string;
}

export interface GroupLooks {
  readonly displayName?: string;
  readonly tooltip?: string;
  readonly uiColor?: string;
  readonly uiFgcolor?: string;
}

type Given = Readonly<Record<string, unknown>>;

export function readTaskLooks(where: string, given: Given): TaskLooks {
  const docs = readDocs(where, given);
  return {
    ...readName(where, given),
    ...(given['owner'] !== undefined && { owner: read.text({ where, name: 'owner' }, given['owner']) }),
    ...readColours(where, given),
    ...(docs.length > 0 && { docs }),
  };
}

export function readGroupLooks(where: string, given: Given): GroupLooks {
  return {
    ...readName(where, given),
    ...(given['tooltip'] !== undefined && { tooltip: read.text({ where, name: 'tooltip' }, given['tooltip']) }),
    ...readColours(where, given),
  };
}

export function readName(where: string, given: Given): { readonly displayName?: string } {
  if (given['displayName'] === undefined || given['displayName'] === null) return {};
  const text = read.text({ where, name: 'displayName' }, given['displayName']).trim();
  if (text === '' || text.length > SPEC_LIMITS.idLengthChars)
    throw new AppError('DAG_INVALID', `Option "displayName" of ${where} must have 1 to ${SPEC_LIMITS.idLengthChars} characters.`);
  return { displayName: text };
}

function readColours(where: string, given: Given): { readonly uiColor?: string; readonly uiFgcolor?: string } {
  const colours: Record<string, string> = {};
  for (const name of ['uiColor', 'uiFgcolor']) {
    if (given[name] === undefined || given[name] === null) continue;
    const text = read.text({ where, name }, given[name]);
    if (!CSS_COLOUR.test(text))
      throw new AppError(
        'DAG_INVALID',
        `Option "${name}" of ${where} must be a colour like "#e8f7e4" or "cornflowerblue", but is "${text}".`,
      );
    colours[name] = text;
  }
  return colours;
}

const DOCS: Readonly<Record<string, DocFormat>> = { doc: 'text', docJson: 'json', docYaml: 'yaml', docRst: 'rst' };

function readDocs(where: string, given: Given): readonly DocSpec[] {
  return Object.entries(DOCS).flatMap(([name, format]) => {
    const value = given[name];
    if (value === undefined || value === null) return [];
    if (format === 'json' && typeof value !== 'string') return [{ format, text: JSON.stringify(value, null, 2) ?? '' }];
    return [{ format, text: read.text({ where, name }, value) }];
  });
}

const LINK = /^(https?:\/\/|mailto:)\S+$/i;

/** { "data team": "https://…" } */
export function readOwnerLinks(where: string, value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AppError('DAG_INVALID', `Option "ownerLinks" of ${where} must be an object like { "data team": "https://…" }.`);
  for (const [owner, link] of Object.entries(value))
    if (typeof link !== 'string' || !LINK.test(link))
      throw new AppError(
        'DAG_INVALID',
        `Option "ownerLinks" of ${where}: the link of "${owner}" must begin with https://, http:// or mailto:.`,
      );
  return { ...(value as Record<string, string>) };
}

const TAG_CHARS_MAX = 100;

export function readTags(place: read.Place, value: unknown): readonly string[] {
  const tags = [...new Set(read.texts(place, value))];
  const bad = tags.find((tag) => tag.trim() === '' || tag.length > TAG_CHARS_MAX);
  if (bad !== undefined)
    throw new AppError(
      'DAG_INVALID',
      `Option "tags" of ${place.where}: a tag has 1 to ${TAG_CHARS_MAX} characters, but "${bad.slice(0, 30)}…" has ${bad.length}.`,
    );
  return tags;
}
