import { Fragment, type ReactNode } from 'react';

/**
 * The part of Markdown that DAG docs use: headings, paragraphs, lists, fenced code, quotes, `code`, **bold**,
 * *italic*, [links](https://…). It makes React elements, never HTML text, so nothing in it can run.
 */
export function Markdown({ text }: { text: string }) {
  return <div className="wl-markdown flex max-w-[78ch] flex-col gap-2.5 leading-[21px] text-ink-2">{blocksOf(dedent(text))}</div>;
}

/** Docs written inside a function are indented as a whole; that indent is not code. */
function dedent(text: string): string {
  const lines = text.replaceAll('\t', '  ').split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const least = indents.length === 0 ? 0 : Math.min(...indents);
  return lines
    .map((line) => line.slice(least))
    .join('\n')
    .trim();
}

const HEADINGS = ['text-lg font-semibold text-ink', 'text-base font-semibold text-ink', 'text-sm font-semibold text-ink'] as const;

function blocksOf(text: string): readonly ReactNode[] {
  const lines = text.split('\n');
  const blocks: ReactNode[] = [];
  let at = 0;
  const takeWhile = (belongs: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && belongs(lines[at] ?? '')) at++;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const key = at;
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (line.trim() === '') at++;
    else if (line.startsWith('```')) {
      at++;
      const code = takeWhile((candidate) => !candidate.startsWith('```')).join('\n');
      at++;
      blocks.push(
        <pre
          key={key}
          className="overflow-x-auto rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-xs leading-[18px] text-ink"
        >
          {code}
        </pre>,
      );
    } else if (heading !== null) {
      at++;
      blocks.push(
        <p
          key={key}
          role="heading"
          aria-level={(heading[1]?.length ?? 1) + 2}
          className={HEADINGS[Math.min((heading[1]?.length ?? 1) - 1, 2)]}
        >
          {inline(heading[2] ?? '')}
        </p>,
      );
    } else if (/^\s*([-*+]|\d+[.)])\s/.test(line))
      blocks.push(
        listOf(
          takeWhile((candidate) => /^\s*([-*+]|\d+[.)])\s/.test(candidate) || /^\s{2,}\S/.test(candidate)),
          key,
        ),
      );
    else if (line.startsWith('>'))
      blocks.push(
        <blockquote key={key} className="border-l-2 border-line-strong pl-3 text-ink-3">
          {inline(
            takeWhile((candidate) => candidate.startsWith('>'))
              .map((quoted) => quoted.replace(/^>\s?/, ''))
              .join(' '),
          )}
        </blockquote>,
      );
    else
      blocks.push(
        <p key={key}>{inline(takeWhile((candidate) => candidate.trim() !== '' && !/^(#{1,6}\s|```|>)/.test(candidate)).join(' '))}</p>,
      );
  }
  return blocks;
}

function listOf(lines: readonly string[], key: number): ReactNode {
  const items: string[] = [];
  for (const line of lines) {
    const item = /^\s*(?:[-*+]|\d+[.)])\s+(.*)$/.exec(line);
    if (item !== null) items.push(item[1] ?? '');
    else items.push(`${items.pop() ?? ''} ${line.trim()}`);
  }
  const isOrdered = /^\s*\d/.test(lines[0] ?? '');
  const Tag = isOrdered ? 'ol' : 'ul';
  return (
    <Tag key={key} className={`flex flex-col gap-1 pl-5 ${isOrdered ? 'list-decimal' : 'list-disc'} marker:text-ink-3`}>
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the items of a text have no other identity
        <li key={index}>{inline(item)}</li>
      ))}
    </Tag>
  );
}

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|_[^_\s][^_]*_(?!\w)|\[[^\]]+\]\((?:https?:\/\/|\/)[^)\s]+\))/g;

function inline(text: string): ReactNode {
  return text.split(INLINE).map((part, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text have no other identity
    return <Fragment key={index}>{index % 2 === 1 ? styled(part) : part}</Fragment>;
  });
}

function styled(part: string): ReactNode {
  if (part.startsWith('`')) return <code className="rounded bg-hover px-1 py-0.5 font-mono text-xs text-ink">{part.slice(1, -1)}</code>;
  if (part.startsWith('**')) return <strong className="font-semibold text-ink">{part.slice(2, -2)}</strong>;
  const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part);
  if (link === null) return <em>{part.slice(1, -1)}</em>;
  return (
    <a href={link[2]} rel="noreferrer noopener" className="text-accent underline underline-offset-2">
      {link[1]}
    </a>
  );
}
