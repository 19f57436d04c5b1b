import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { RunList } from './run-list.tsx';

/** Runs of every DAG, newest first. */
export function RunsPage() {
  return (
    <Page>
      <title>Runs · Windlass</title>
      <PageHeader title="Runs" subtitle="Of every DAG, newest first" />
      <RunList dagId="~" />
    </Page>
  );
}
