import { CopyButton } from './copy-button.tsx';

/** Text in a fixed-width box with a copy button: JSON, stack traces, commands. */
export function CodeBlock({
  text,
  label = 'Copy',
  maxHeightPx = 360,
  wrap = false,
}: {
  text: string;
  label?: string;
  maxHeightPx?: number;
  wrap?: boolean;
}) {
  return (
    <div className="group relative rounded-lg border border-line bg-sunken">
      <div className="absolute top-1 right-1 opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100">
        <CopyButton text={text} label={label} />
      </div>
      <pre
        style={{ maxHeight: maxHeightPx }}
        className={`overflow-auto px-3 py-2.5 font-mono text-xs leading-[18px] ${wrap ? 'break-words whitespace-pre-wrap' : 'whitespace-pre'}`}
      >
        {text}
      </pre>
    </div>
  );
}
