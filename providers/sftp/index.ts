/** `windlass/providers/sftp`: files on other machines. */
export { connectSftp, openSftp, type RemoteFile, Sftp, type SftpConnection, sftpFileExists } from './sftp.ts';
