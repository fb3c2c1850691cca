import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bits, boolean, identifier, integer, octets, sequence, set, tagged, time, utf8 } from './der.ts';

/** Where the files of a cluster's own certificates are. */
export interface ClusterCertificates {
  readonly cacert: string;
  /** For clients. Its common name is no user of etcd, so that it does not log anybody in. */
  readonly cert: string;
  readonly key: string;
  readonly serverCert: string;
  readonly serverKey: string;
  /** A CA that signed nothing of this cluster. */
  readonly wrongCacert: string;
  /** A client certificate which that other CA signed, and its key. */
  readonly wrongCert: string;
  readonly wrongKey: string;
}

/**
 * Makes a CA, one certificate for all members (server and peer) and one for clients, and a second CA with
 * a client certificate of its own for negative tests. EC P-256, good for a day before and ten years from now.
 * @param address IPv4, beside 127.0.0.1 and localhost
 */
export async function makeCertificates(folder: string, address?: string): Promise<ClusterCertificates> {
  await mkdir(folder, { recursive: true });
  const ca = issue('holdfast test CA');
  const wrongCa = issue('another CA');
  const server = issue(noName, ca, address);
  const client = issue('holdfast-client', ca);
  const wrongClient = issue('holdfast-client', wrongCa);
  const put = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  return {
    cacert: await put('ca.crt', ca.pem),
    cert: await put('client.crt', client.pem),
    key: await put('client.key', client.keyPem),
    serverCert: await put('server.crt', server.pem),
    serverKey: await put('server.key', server.keyPem),
    wrongCacert: await put('wrong-ca.crt', wrongCa.pem),
    wrongCert: await put('wrong-client.crt', wrongClient.pem),
    wrongKey: await put('wrong-client.key', wrongClient.keyPem),
  };
}

interface Issued {
  readonly name: string;
  readonly key: KeyObject;
  readonly keyId: Buffer;
  readonly pem: string;
  readonly keyPem: string;
}

/** With authentication on, etcd refuses its JSON gateway to a certificate with a name: the members' serves there. */
const noName = '';

const ecdsaWithSha256 = sequence(identifier('1.2.840.10045.4.3.2'));
const day = 24 * 3600 * 1000;

/** Issues a certificate; without an issuer it is a CA that signs itself. */
function issue(name: string, issuer?: Issued, address?: string): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicDer = publicKey.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha1').update(publicDer).digest();
  const now = new Date().getTime();
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const certificate = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    commonName(issuer?.name ?? name),
    sequence(time(new Date(now - day)), time(new Date(now + 3650 * day))),
    commonName(name),
    publicDer,
    tagged(
      0xa3,
      sequence(
        ...(issuer === undefined ? caExtensions(keyId) : leafExtensions(keyId, issuer.keyId, address)),
      ),
    ),
  );
  const signature = sign('sha256', certificate, issuer?.key ?? privateKey);
  return {
    name,
    key: privateKey,
    keyId,
    pem: toPem(sequence(certificate, ecdsaWithSha256, bits(signature))),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function commonName(name: string): Buffer {
  return name === noName ? sequence() : sequence(set(sequence(identifier('2.5.4.3'), utf8(name))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(identifier(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function caExtensions(keyId: Buffer): Buffer[] {
  return [
    extension('2.5.29.19', true, sequence(boolean(true))),
    extension('2.5.29.15', true, bits(Buffer.from([0b0000_0110]), 1)),
    extension('2.5.29.14', false, octets(keyId)),
  ];
}

/** For servers and clients alike: a member is a client of its peers, and its gateway one of itself. */
function leafExtensions(keyId: Buffer, issuerKeyId: Buffer, address?: string): Buffer[] {
  const addresses = ['127.0.0.1', ...(address === undefined ? [] : [address])];
  return [
    extension('2.5.29.15', true, bits(Buffer.from([0b1000_0000]), 7)),
    extension('2.5.29.37', false, sequence(identifier('1.3.6.1.5.5.7.3.1'), identifier('1.3.6.1.5.5.7.3.2'))),
    extension('2.5.29.14', false, octets(keyId)),
    extension('2.5.29.35', false, sequence(tagged(0x80, issuerKeyId))),
    extension(
      '2.5.29.17',
      true,
      sequence(
        tagged(0x82, Buffer.from('localhost')),
        ...addresses.map((each) => tagged(0x87, Buffer.from(each.split('.').map(Number)))),
      ),
    ),
  ];
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
