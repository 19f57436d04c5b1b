import { TriangleAlert } from 'lucide-react';
import { Card } from '#ui-kit/card.tsx';
import type { Overview } from '../../../api/types.ts';

const KINDS = {
  redis: 'BullMQ rings through Redis.',
  postgres: 'BullMQ rings through Postgres.',
} as const;

/** The broker, its version, and what it would like changed. */
export function BrokerCard({ broker }: { broker: Overview['broker'] }) {
  return (
    <Card title="Broker" bodyClassName="flex flex-col gap-2 px-4 py-3">
      <p>
        <span className="font-medium">{broker.kind === 'redis' ? 'Redis' : 'Postgres'}</span>{' '}
        <span className="font-mono text-xs">{broker.version}</span>
        <span className="ml-3 text-ink-2">{KINDS[broker.kind]}</span>
      </p>
      {broker.warnings.map((warning) => (
        <p key={warning} className="flex items-start gap-2 text-warning">
          <TriangleAlert size={14} className="mt-0.5 shrink-0" /> {warning}
        </p>
      ))}
    </Card>
  );
}
