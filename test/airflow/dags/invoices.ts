import { Bundle, Dag, getClient, withArgList } from '@apache-airflow/ts-sdk';
import { euros } from './lib/format.js';

interface Invoice {
  id: string;
  cents: number;
}

export const invoices = new Dag('airflow_invoices', {
  schedule: '0 6 * * 1',
  startDate: new Date('2026-01-01T00:00:00Z'),
  maxActiveRuns: 1,
});

// Ids by the names of functions.
async function readInvoices(): Promise<Invoice[]> {
  return [
    { id: 'a', cents: 1250 },
    { id: 'b', cents: 399 },
  ];
}
async function total({ rows, minimum }: { rows: Invoice[]; minimum: number }): Promise<number> {
  return rows.filter((row) => row.cents >= minimum).reduce((sum, row) => sum + row.cents, 0);
}
const read = invoices.task(readInvoices);
const sum = invoices.task(total);
const send = invoices.task(
  async ({ cents, to }: { cents: number; to: string }) => {
    const mail = await getClient().getConnection('no_such_connection');
    return `${to}: ${euros(cents)} by ${mail?.host ?? 'nobody'}`;
  },
  { taskId: 'send', docMd: 'Sends the **sum**.' },
);
const rows = read();
send({ cents: sum(withArgList(rows, 1000)), to: 'finance@example.com' });

export const audit = new Dag('airflow_audit');
const kept = audit.taskGroup('keep');
const inner = kept.taskGroup('cold');
const first = kept.task('first', async () => 1)();
const second = inner.task('second', async () => 2)();
const last = audit.task('last', () => 'done')();
first.before(second);
kept.before(last);

const bundle = new Bundle();
bundle.register(invoices, audit);
await bundle.serve();
