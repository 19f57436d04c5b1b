/** `windlass/providers/files`: files from elsewhere. */
export { type Download, type DownloadOptions, downloadFile } from './download-file.ts';
