import { RotateCw } from 'lucide-react';
import { useRouteError } from 'react-router';
import { Page } from './app-shell.tsx';
import { Button, buttonClass } from './button.tsx';
import { CodeBlock } from './code-block.tsx';

/** What shows when a page itself broke: it says so, shows it, and offers what helps. A reload fetches new code after an upgrade. */
export function CrashPage() {
  const error = useRouteError();
  return (
    <Page className="max-w-[720px] pt-16">
      <h1 className="text-xl font-semibold">This page broke</h1>
      <p className="text-ink-2">It is a mistake in Windlass, not in your tasks. Reload the page; if it stays, report the text below.</p>
      <CodeBlock text={error instanceof Error ? (error.stack ?? error.message) : String(error)} wrap />
      <div className="flex gap-2">
        <Button variant="primary" icon={<RotateCw size={14} />} onClick={() => window.location.reload()}>
          Reload
        </Button>
        <a href="/" className={buttonClass()}>
          To the first page
        </a>
      </div>
    </Page>
  );
}
