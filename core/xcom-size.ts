/** Says that a result is too large to be handed on: the task process and its supervisor use the same words. */
export function tooLargeMessage(bytes: number, limitBytes: number): string {
  return (
    `the result is too large: ${formatBytes(bytes)}, the limit is ${formatBytes(limitBytes)}. ` +
    'Write it to a file (ctx.scratch) or a store and return where it is, or raise WINDLASS_XCOM_MAX_BYTES'
  );
}

/** "12 bytes", "3.4 KB", "1.5 MB" */
export function formatBytes(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${Number((bytes / 1024 / 1024).toFixed(1))} MB`;
  return bytes >= 1024 ? `${Number((bytes / 1024).toFixed(1))} KB` : `${bytes} bytes`;
}
