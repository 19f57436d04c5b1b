/** `windlass/providers/amazon`: S3. */
export { type AwsAccess, type AwsConnection, readAwsConnection } from './connection.ts';
export { connectS3, openS3, S3, type S3Object, type UploadOptions } from './s3.ts';
export {
  type S3DownloadInput,
  type S3ListInput,
  type S3UploadInput,
  s3Delete,
  s3Download,
  s3List,
  s3ObjectExists,
  s3Upload,
} from './s3-tasks.ts';
