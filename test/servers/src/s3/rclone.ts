import { packagedPrograms } from '../obtain/packaged.ts';
import type { Progress } from '../obtain/ways.ts';
import type { S3Server } from './server.ts';

const packaged = {
  part: 'rclone',
  variable: 'HOLDFAST_RCLONE',
  cachedAs: 'rclone',
  packages: ['rclone'],
  programs: ['rclone'],
} as const;

let had: Promise<string> | undefined;

/**
 * Gets rclone, the client with which people copy to and from any S3 server: in a folder named by HOLDFAST_RCLONE, on the
 * PATH, in the cache, or unpacked from the distribution's packages.
 */
export async function rcloneCommand(progress: Progress = () => {}): Promise<string> {
  had ??= packagedPrograms(packaged, progress).then(({ rclone }) => rclone);
  had.catch(() => (had = undefined));
  return had;
}

/**
 * The environment in which rclone knows a server as `:s3:BUCKET/KEY`, over TLS, and nothing of this host's settings.
 *
 * @param caFile the CA of the server (PEM)
 */
export function rcloneEnvironment(server: S3Server, caFile: string): NodeJS.ProcessEnv {
  return {
    // It refuses to start where this is set beside its own setting.
    AWS_CA_BUNDLE: undefined,
    RCLONE_CONFIG: '',
    RCLONE_CA_CERT: caFile,
    RCLONE_S3_PROVIDER: server.kind === 'minio' ? 'Minio' : 'Ceph',
    RCLONE_S3_ENDPOINT: server.endpoint,
    RCLONE_S3_REGION: server.region,
    RCLONE_S3_ACCESS_KEY_ID: server.accessKey,
    RCLONE_S3_SECRET_ACCESS_KEY: server.secretKey,
  };
}
