/** The grid's measures in pixels; rows and header are placed by them, never measured. */
export const CELL_PX = 24;
export const ROW_PX = 28;
export const BAR_PX = 52;
export const DAY_PX = 20;
export const ICON_PX = 20;
export const HEADER_PX = DAY_PX + BAR_PX + ICON_PX + 4;
