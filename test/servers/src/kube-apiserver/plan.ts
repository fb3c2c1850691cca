import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificates } from '../cluster/certificates.ts';
import { reservePort } from '../cluster/ports.ts';
import { kubeApiserverBinary } from './obtain.ts';

/** Over which etcd a kube-apiserver is to serve, and where its files go. */
export interface KubeApiserverOptions {
  /** Client URLs of etcd, without TLS. */
  readonly etcd: readonly string[];
  /** Made if it is not there. */
  readonly dir: string;
  /** Where it listens, IPv4; 127.0.0.1 if not said. */
  readonly address?: string;
  /** Further flags, as `--encryption-provider-config=FILE`. */
  readonly flags?: readonly string[];
}

/** A kube-apiserver before it runs: port, certificates and token are made. */
export interface KubeApiserverPlan {
  readonly port: number;
  /** As https://127.0.0.1:20000. */
  readonly url: string;
  /** Program and arguments, for whoever starts it. */
  readonly command: readonly [string, ...string[]];
  readonly logFile: string;
  /** Who shows it may do everything. */
  readonly token: string;
  /** Of the CA that its certificate is signed by, as PEM. */
  readonly ca: string;
}

/** Plans one: gets the program, reserves a port and makes the files. The caller gives the port back with `freePort`. */
export async function planKubeApiserver({
  etcd,
  dir,
  address = '127.0.0.1',
  flags = [],
}: KubeApiserverOptions): Promise<KubeApiserverPlan> {
  const { path } = await kubeApiserverBinary();
  await mkdir(dir, { recursive: true });
  const port = await reservePort();
  const token = randomBytes(18).toString('base64url');
  const put = async (name: string, content: string): Promise<string> => {
    const file = join(dir, name);
    await writeFile(file, content, { mode: 0o600 });
    return file;
  };
  const { cacert, serverCert, serverKey } = await makeCertificates(join(dir, 'tls'), address);
  const account = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicPem = account.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const privatePem = account.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const issuer = 'https://kubernetes.default.svc';
  return {
    port,
    url: `https://${address}:${port}`,
    command: [
      path,
      `--etcd-servers=${etcd.join(',')}`,
      `--bind-address=${address}`,
      `--secure-port=${port}`,
      `--tls-cert-file=${serverCert}`,
      `--tls-private-key-file=${serverKey}`,
      `--token-auth-file=${await put('tokens.csv', `${token},admin,1,system:masters\n`)}`,
      '--authorization-mode=RBAC',
      `--service-account-issuer=${issuer}`,
      `--api-audiences=${issuer}`,
      `--service-account-key-file=${await put('service-account.pub', publicPem)}`,
      `--service-account-signing-key-file=${await put('service-account.key', privatePem)}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      // It would publish an address of this machine as an endpoint, and refuses to take 127.0.0.1 for one.
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      ...flags,
    ],
    logFile: join(dir, 'kube-apiserver.log'),
    token,
    ca: await readFile(cacert, 'utf8'),
  };
}
