import 'reflect-metadata';
import { createHash, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from '@peculiar/x509';
import { systemClock } from '@holdfast/base';
import type { Identity } from '../identity/identity.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const { subtle } = webcrypto;

/** A key with its certificate, PEM. */
export interface Paper {
  readonly key: string;
  readonly certificate: string;
}

/** A fleet's CA, as far as a test needs it. */
export class Authority {
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: X509Certificate;

  private constructor(keys: webcrypto.CryptoKeyPair, certificate: X509Certificate) {
    this.#keys = keys;
    this.#certificate = certificate;
  }

  static async make(): Promise<Authority> {
    const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      ...{ serialNumber: serial(), name: 'CN=Test fleet', keys, signingAlgorithm: algorithm },
      ...validity(3_600_000),
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    });
    return new Authority(keys, certificate);
  }

  /** PEM. */
  get pem(): string {
    return this.#certificate.toString('pem');
  }

  get sha256(): string {
    return createHash('sha256').update(new NodeCertificate(this.pem).raw).digest('hex');
  }

  /** The certificate of a node for what it asks with, as the server's CA makes them. */
  async sign(csr: string, node: string, cluster: string, lifeMs = 3_600_000): Promise<string> {
    const { publicKey } = new Pkcs10CertificateRequest(csr);
    return await this.#issue(
      await publicKey.export(),
      `CN=${node}, O=${cluster}`,
      `${node}.node.holdfast`,
      lifeMs,
    );
  }

  /** A whole node. */
  async node(node: string, cluster: string, server = 'https://127.0.0.1:1'): Promise<Identity> {
    const paper = await this.#paper(`CN=${node}, O=${cluster}`, `${node}.node.holdfast`);
    const rest = { server, node, cluster, clusterName: 'prod', serverCa: null, tokenSha256: '' };
    return { ...paper, ...rest, ca: this.pem };
  }

  /** What a server on loopback shows. */
  async server(): Promise<Paper> {
    return await this.#paper('CN=Test server', 'localhost');
  }

  async #paper(subject: string, name: string): Promise<Paper> {
    const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const der = Buffer.from(await subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    const key = `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
    return { key, certificate: await this.#issue(keys.publicKey, subject, name, 3_600_000) };
  }

  async #issue(
    publicKey: webcrypto.CryptoKey,
    subject: string,
    name: string,
    lifeMs: number,
  ): Promise<string> {
    const certificate = await X509CertificateGenerator.create({
      ...{ serialNumber: serial(), subject, publicKey, issuer: this.#certificate.subject },
      ...{ signingKey: this.#keys.privateKey, signingAlgorithm: algorithm },
      ...validity(lifeMs),
      extensions: [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: name },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ],
    });
    return certificate.toString('pem');
  }
}

function serial(): string {
  return Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex');
}

function validity(lifeMs: number): { notBefore: Date; notAfter: Date } {
  const now = systemClock.now().getTime();
  return { notBefore: new Date(now - 60_000), notAfter: new Date(now + lifeMs) };
}
