import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EtcdMinor,
  etcdBinaries,
  rcloneCommand,
  rcloneEnvironment,
  s3Server,
  type S3Server,
  sealingPrograms,
} from '@holdfast/test-servers';

const bucket = 'bench';

/** What the sealed duels are fought with: the standard programs, a bucket over loopback with TLS, and keys for both sides. */
export interface SealedTools extends AsyncDisposable {
  /** By the names that scripts call them by, as `"$AGE"`; with what they need to know the bucket. */
  readonly theirs: NodeJS.ProcessEnv;
  /** What commands of ours need to know the bucket, the keys and a folder for what they remember. */
  readonly ours: NodeJS.ProcessEnv;
  /** Public keys of age that both seal for, and the secret keys that open. */
  readonly recipients: string;
  readonly identity: string;
  /** Ours signs. */
  readonly signing: string;
  /** As rclone calls what is below the bucket, and as we do. */
  rclone(path: string): string;
  url(path: string): string;
  /** Removes all below a path of the bucket. */
  purge(path: string): void;
  /** Bytes of all objects below a path of the bucket. */
  sizeBelow(path: string): number;
}

/** Starts MinIO and makes the keys, all in `folder`. */
export async function sealedTools(version: EtcdMinor, folder: string): Promise<SealedTools> {
  const own = join(folder, 'sealed');
  mkdirSync(own);
  const at = (name: string): string => join(own, name);
  const { etcdctl, etcdutl } = await etcdBinaries(version);
  const { age, 'age-keygen': keygen, zstd } = await sealingPrograms();
  execFileSync(keygen, ['-o', at('identity.txt')], { stdio: 'ignore' });
  writeFileSync(at('recipients.txt'), execFileSync(keygen, ['-y', at('identity.txt')]));
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(at('signing.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const rclone = await rcloneCommand();
  const server = await s3Server('minio', { folder: own });
  writeFileSync(at('ca.pem'), server.ca);
  await server.makeBucket(bucket);
  const theirs = {
    ETCDCTL: etcdctl,
    ETCDUTL: etcdutl ?? etcdctl,
    ETCDCTL_API: '3',
    AGE: age,
    ZSTD: zstd,
    RCLONE: rclone,
    ...rcloneEnvironment(server, at('ca.pem')),
  };
  const asked = (...args: string[]): string =>
    execFileSync(rclone, args, { encoding: 'utf8', env: { ...process.env, ...theirs } });
  const remote = (path: string): string => `:s3:${bucket}/${path}`;
  return {
    theirs,
    ours: { ...ourEnvironment(server, at('ca.pem')), HOLDFAST_STATE_DIR: at('state') },
    recipients: at('recipients.txt'),
    identity: at('identity.txt'),
    signing: at('signing.pem'),
    rclone: remote,
    url: (path) => `s3://${bucket}/${path}`,
    purge: (path) => void asked('purge', remote(path)),
    sizeBelow: (path) => (JSON.parse(asked('size', '--json', remote(path))) as { bytes: number }).bytes,
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
}

function ourEnvironment(server: S3Server, caFile: string): NodeJS.ProcessEnv {
  return {
    HOLDFAST_S3_ENDPOINT: server.endpoint,
    HOLDFAST_S3_REGION: server.region,
    HOLDFAST_S3_CA: caFile,
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: server.secretKey,
  };
}
