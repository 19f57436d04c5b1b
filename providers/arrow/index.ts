/** `windlass/providers/arrow`: frames (Apache Arrow) and small operations on them. */
export { type Cell, type CellOf, cellReader, narrow } from './cell.ts';
export { columnIndex, type Renaming, renameColumns, selectColumns, snakeCase } from './columns.ts';
export { filterBatch, filterRows, type RowConditions } from './filter-rows.ts';
export { type BatchStream, batchesOf, type Frame, mapBatches } from './frame.ts';
export { type FrameFile, type FrameSource, isFrameFile, readFrame, readFrameBatches, writeFrame } from './frame-file.ts';
export { saveFrame } from './save-frame.ts';
