/** The first rows of what was written are shown on pages: no secret may be in them, as in logs. */
import type { SampleCell } from '#core/assets/asset-version.ts';
import type { NewAssetEvent } from '#core/assets/events-of-success.ts';
import { isSensitiveKey, type Masker } from '#platform/mask.ts';

const HIDDEN = '***';
/** What stands at the end of a cell that was cut off. */
const CUT = '…';

/** What was written, without its first rows. */
export function withoutSamples(events: readonly NewAssetEvent[]): readonly NewAssetEvent[] {
  return events.map((event) => {
    if (event.version?.sample === undefined) return event;
    const { sample: _rows, ...version } = event.version;
    return { ...event, version };
  });
}

export function maskSamples(events: readonly NewAssetEvent[], masker: Masker): readonly NewAssetEvent[] {
  return events.map((event) => {
    const { version } = event;
    if (version?.sample === undefined) return event;
    const { columns, rows } = version.sample;
    // A column that is called a secret is one, whatever is in it.
    const isSecret = columns.map(isSensitiveKey);
    const hidden = rows.map((row) => row.map((cell, index) => (isSecret[index] && cell !== null ? HIDDEN : maskCell(cell, masker))));
    return { ...event, version: { ...version, sample: { ...version.sample, rows: hidden } } };
  });
}

function maskCell(cell: SampleCell, masker: Masker): SampleCell {
  if (cell === null || typeof cell === 'boolean') return cell;
  const text = String(cell);
  const masked = text.endsWith(CUT) ? `${masker.maskCut(text.slice(0, -CUT.length))}${CUT}` : masker.mask(text);
  return masked === text ? cell : masked;
}
