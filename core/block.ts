/** What a reusable task is for, as users of Mage call it. A label: it decides an icon and a colour, never how the task runs. */
export const BLOCK_KINDS = ['data_loader', 'transformer', 'data_exporter', 'sensor'] as const;

export type BlockKind = (typeof BLOCK_KINDS)[number];
