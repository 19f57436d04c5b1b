/** Where rows and columns of a frame stand: pure arithmetic. */
import type { UiFrame } from '../../../ui-api/data-types.ts';
import type { View } from './use-view.ts';

export const ROW_PX = 28;
export const HEAD_PX = 112;
export const NUMBERS_PX = 84;
/** Browsers cannot scroll further than some ten million pixels: longer frames are scrolled in larger steps. */
export const SCROLL_MAX_PX = 10_000_000;
const OVERSCAN_ROWS = 6;

export interface Sight {
  readonly from: number;
  readonly to: number;
}

export function scrollHeightOf(rows: number): number {
  return Math.min(rows * ROW_PX, SCROLL_MAX_PX);
}

/** Rows in sight, with a few around them, and where the first of them is drawn. */
export function rowsInSight(rows: number, { top, height }: View): Sight & { readonly offsetPx: number } {
  const bodyPx = Math.max(ROW_PX, height - HEAD_PX);
  const scrolled = scrollHeightOf(rows);
  const isScaled = rows * ROW_PX > scrolled;
  const share = isScaled ? Math.min(1, top / Math.max(1, scrolled - bodyPx)) : 0;
  const first = isScaled ? share * Math.max(0, rows - Math.floor(bodyPx / ROW_PX)) : top / ROW_PX;
  const from = Math.max(0, Math.floor(first) - OVERSCAN_ROWS);
  const to = Math.min(rows, Math.ceil(first + bodyPx / ROW_PX) + OVERSCAN_ROWS);
  return { from, to, offsetPx: isScaled ? top - (first - from) * ROW_PX : from * ROW_PX };
}

/** Left edges of the columns, and the right edge of the last. Few columns share the width that there is. */
export function edgesOf(columns: UiFrame['columns'], roomPx: number): readonly number[] {
  const widths = columns.map(widthOf);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const stretch = total === 0 ? 1 : Math.min(1.8, Math.max(1, roomPx / total));
  const edges = [0];
  for (const width of widths) edges.push((edges.at(-1) ?? 0) + Math.floor(width * stretch));
  return edges;
}

function widthOf({ name, type }: UiFrame['columns'][number]): number {
  const byType = /^Timestamp/.test(type) ? 200 : /^(Utf8|Dictionary|Binary)/.test(type) ? 180 : 140;
  return Math.min(260, Math.max(byType, name.length * 7.4 + 32));
}

export function columnsInSight(edges: readonly number[], { left, width }: View): Sight {
  const from = Math.max(0, edges.findIndex((edge) => edge > left) - 1);
  const beyond = edges.findIndex((edge) => edge >= left + width);
  return { from, to: beyond < 0 ? edges.length - 1 : beyond };
}
