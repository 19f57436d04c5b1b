import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from './button.tsx';

/** Puts text on the clipboard; works without HTTPS too, where the clipboard API is missing. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** An icon button (or, with children, a labelled one) that copies and says so for a moment. */
export function CopyButton({ text, label = 'Copy', children }: { text: string | (() => string); label?: string; children?: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(typeof text === 'function' ? text() : text);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1_400);
  };
  const icon = isCopied ? <Check size={13} className="text-good" /> : <Copy size={13} />;
  return (
    <Button
      variant="ghost"
      size="sm"
      icon={icon}
      title={label}
      onClick={() => void copy()}
      {...(children === undefined ? { 'aria-label': label } : {})}
    >
      {children === undefined ? null : isCopied ? 'Copied' : children}
    </Button>
  );
}
