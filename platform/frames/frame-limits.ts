/** How much of a frame is shown. Beside what shows it, which loads Arrow. */
export const FRAME_LIMITS = { rowsPerPage: 200, columns: 200, scannedRows: 20_000_000 } as const;
