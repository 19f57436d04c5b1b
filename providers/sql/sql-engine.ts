/** What a SQL block needs of a database: frames go in as tables, rows come out as a frame. */
import type { BatchStream } from '../arrow/frame.ts';
import type { FrameFile } from '../arrow/frame-file.ts';

export interface SqlSession extends AsyncDisposable {
  /** Makes a frame known for as long as the session lasts. Returns what stands for it in a statement, quoted. */
  register(name: string, frame: FrameFile): Promise<string>;
  /** Rows of a select. */
  rows(sql: string): BatchStream | Promise<BatchStream>;
  /** Runs a statement that changes something; returns the rows it changed, where the database says so. */
  run(sql: string): Promise<number | null>;
}

/** Names of the tables of frames: `df_1` is the first. */
export function frameName(index: number): string {
  return `df_${index + 1}`;
}
