import { createCipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import { pkiLayout } from '../pki/layout.ts';
import type { Distribution } from '../distribution.ts';
import { type SnapshotFacts, startSnapshotFacts } from '../companions/snapshot-facts.ts';
import type { MadeCertificate, Openssl } from './openssl.ts';

/** Files of a node that tests change as they like. */
export type NodeFiles = Map<string, Uint8Array>;

/** The server's token of every cluster here. */
export const password = 'a password of servers';

/** The secret of the key `key1` of every cluster here. */
export const encryptionSecret = Buffer.alloc(32, 9);

/** Certificates and keys of a distribution at their places, valid from 2026 on: CAs to 2036, the others to 2027. */
export async function pkiFiles(distribution: Distribution, openssl: Openssl): Promise<NodeFiles> {
  const files: NodeFiles = new Map();
  const made = new Map<string, MadeCertificate>();
  const { certificates, accounts } = pkiLayout(distribution);
  for (const { certificate, key, ca } of certificates) {
    const issuer = ca === undefined ? undefined : made.get(ca)!;
    const one = await openssl.certificate({
      name: certificate.replaceAll('/', ' ').trim(),
      ...(issuer === undefined ? {} : { issuer, until: '2027-01-01', names: 'DNS:kubernetes,IP:10.0.0.1' }),
    });
    made.set(certificate, one);
    files.set(certificate, one.certificate).set(key, one.key);
  }
  if (accounts !== undefined) {
    const { privateKey, publicKey } = await openssl.keyPair('RSA');
    files.set(accounts.privateKey, privateKey);
    if (accounts.publicKey !== undefined) files.set(accounts.publicKey, publicKey);
  }
  return files;
}

/** An EncryptionConfiguration for Secrets with the key `key1` of aescbc. */
export function encryptionConfiguration(secret: Buffer = encryptionSecret): Buffer {
  return Buffer.from(
    JSON.stringify({
      kind: 'EncryptionConfiguration',
      apiVersion: 'apiserver.config.k8s.io/v1',
      resources: [
        {
          resources: ['secrets'],
          providers: [
            { aescbc: { keys: [{ name: 'key1', secret: secret.toString('base64') }] } },
            { identity: {} },
          ],
        },
      ],
    }),
  );
}

/** The manifest that kubeadm writes for the API server, as far as files are concerned, with further flags. */
export function apiServerManifest(...flags: readonly string[]): Buffer {
  const mounts = ['/etc/kubernetes/pki', '/etc/kubernetes/extra'];
  return Buffer.from(`apiVersion: v1
kind: Pod
metadata: { name: kube-apiserver, namespace: kube-system }
spec:
  containers:
    - name: kube-apiserver
      command:
        - kube-apiserver
        - --client-ca-file=/etc/kubernetes/pki/ca.crt
        - --service-account-key-file=/etc/kubernetes/pki/sa.pub
        - --tls-cert-file=/etc/kubernetes/pki/apiserver.crt
${flags.map((flag) => `        - ${flag}\n`).join('')}      volumeMounts:
${mounts.map((path, at) => `        - { mountPath: ${path}, name: v${at} }\n`).join('')}  volumes:
${mounts.map((path, at) => `    - { hostPath: { path: ${path} }, name: v${at} }\n`).join('')}`);
}

/** A Secret as an API server with that key writes it. */
export function encryptedSecret(secret: Buffer = encryptionSecret, keyName = 'key1'): Buffer {
  const cipher = createCipheriv('aes-256-cbc', secret, Buffer.alloc(16, 3));
  const sealed = [Buffer.alloc(16, 3), cipher.update('k8s\0the content of a Secret'), cipher.final()];
  return Buffer.concat([Buffer.from(`k8s:enc:aescbc:v1:${keyName}:`), ...sealed]);
}

/** Files of K3s or RKE2 sealed with a password, under their etcd key: JSON, PBKDF2, AES-256-GCM. */
export function bootstrapPair(
  files: Readonly<Record<string, Uint8Array>>,
  withPassword = password,
): readonly [string, Buffer] {
  const plain = Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name,
      { Timestamp: '2026-01-01T00:00:00Z', Content: Buffer.from(content).toString('base64') },
    ]),
  );
  const salt = '00112233aabbccdd';
  const nonce = Buffer.alloc(12, 5);
  const cipher = createCipheriv('aes-256-gcm', pbkdf2Sync(withPassword, salt, 4096, 32, 'sha1'), nonce);
  const sealed = Buffer.concat([
    nonce,
    cipher.update(JSON.stringify(plain)),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  const hash = createHash('sha256').update(withPassword).digest('hex').slice(0, 12);
  return [`/bootstrap/${hash}`, Buffer.from(`${salt}:${sealed.toString('base64')}`)];
}

/** What a snapshot with these pairs says. */
export function factsOf(...pairs: readonly (readonly [string, Uint8Array | string])[]): SnapshotFacts {
  const taker = startSnapshotFacts();
  for (const [key, value] of pairs) taker.take(Buffer.from(key), Buffer.from(value));
  return taker.facts();
}
