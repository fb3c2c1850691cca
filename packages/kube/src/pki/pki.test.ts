import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MadeCertificate, type Openssl, startOpenssl } from '../testing/openssl.ts';
import { lookAtAccountKeys } from './account-keys.ts';
import { type CertificateSight, lookAtCertificate } from './certificate-sight.ts';
import { discoveryHash } from './keys.ts';
import { parsePem } from './pem.ts';

let openssl: Openssl;
let ca: MadeCertificate;
let otherCa: MadeCertificate;
let server: MadeCertificate;
beforeAll(async () => {
  openssl = await startOpenssl();
  ca = await openssl.certificate({ name: 'kubernetes' });
  otherCa = await openssl.certificate({ name: 'kubernetes' });
  server = await openssl.certificate({
    name: 'kube-apiserver',
    issuer: ca,
    from: '2026-02-01',
    until: '2027-02-01',
    names: 'DNS:kubernetes,DNS:*.example.com,IP:10.0.0.1,IP:2001:db8::1',
  });
});
afterAll(() => openssl[Symbol.asyncDispose]());

const place = { certificate: '/server.crt', key: '/server.key', ca: '/ca.crt', role: 'api' } as const;

function look(
  changes: Readonly<Record<string, Uint8Array | undefined>> = {},
  { now = '2026-06-01', names = [] as readonly string[] } = {},
): CertificateSight | undefined {
  const files = { '/server.crt': server.certificate, '/server.key': server.key, '/ca.crt': ca.certificate };
  const entries = Object.entries({ ...files, ...changes }).filter(([, content]) => content !== undefined);
  return lookAtCertificate(place, new Map(entries as [string, Uint8Array][]), { now: new Date(now), names });
}

describe('a certificate', () => {
  it('is sound when its CA signed it, its key fits and its time has come', () => {
    expect(look()).toMatchObject({ validity: 'valid', chain: 'signed', key: 'fits', missingNames: [] });
  });

  it('that is not there is not looked at', () => {
    expect(look({ '/server.crt': undefined })).toBeUndefined();
  });

  it.each([
    ['2026-01-31', 'not-yet'],
    ['2026-02-01', 'valid'],
    ['2027-01-02', 'valid'],
    ['2027-01-03', 'ends-soon'],
    ['2027-01-31', 'ends-soon'],
    ['2027-02-01', 'expired'],
  ])('on %s is %s', (now, validity) => {
    expect(look({}, { now })).toMatchObject({ validity });
  });

  it('of another CA with the same name is told from its own', () => {
    expect(look({ '/ca.crt': otherCa.certificate })).toMatchObject({ chain: 'not-signed' });
    const both = Buffer.concat([otherCa.certificate, ca.certificate]);
    expect(look({ '/ca.crt': both })).toMatchObject({ chain: 'signed' });
    expect(look({ '/ca.crt': undefined })).toMatchObject({ chain: 'ca-missing' });
    expect(look({ '/ca.crt': server.certificate })).toMatchObject({ chain: 'not-signed' });
  });

  it('is compared with its key', () => {
    expect(look({ '/server.key': ca.key })).toMatchObject({ key: 'differs' });
    expect(look({ '/server.key': undefined })).toMatchObject({ key: 'missing' });
    expect(look({ '/server.key': Buffer.from('junk') })).toMatchObject({ key: 'unreadable' });
  });

  it('that cannot be read says nothing more', () => {
    const cut = server.certificate.subarray(0, 300);
    expect(look({ '/server.crt': cut })).toMatchObject({ certificate: null, chain: 'unknown' });
    const damaged = Buffer.from(server.certificate.toString().replace('MII', 'AII'));
    expect(look({ '/server.crt': damaged })).toMatchObject({ certificate: null });
  });

  it('is asked for names and addresses', () => {
    const names = [
      'kubernetes',
      'api.example.com',
      '10.0.0.1',
      '2001:db8:0::1',
      'kube-apiserver',
      '10.0.0.2',
    ];
    expect(look({}, { names })).toMatchObject({ missingNames: ['kube-apiserver', '10.0.0.2'] });
  });
});

describe('a CA', () => {
  it('is known by the hash that kubeadm prints for it', async () => {
    const [certificate] = parsePem(ca.certificate).certificates;
    const spki = await openssl.run(['x509', '-pubkey', '-noout'], ca.certificate);
    const der = await openssl.run(['pkey', '-pubin', '-outform', 'der'], spki);
    const digest = (await openssl.run(['dgst', '-sha256', '-r'], der)).toString().split(' ')[0];
    expect(discoveryHash(certificate!)).toBe(`sha256:${digest}`);
  });

  it('has signed itself', () => {
    const place = { certificate: '/ca.crt', key: '/ca.key', role: 'ca' } as const;
    const files = new Map([
      ['/ca.crt', ca.certificate],
      ['/ca.key', ca.key],
    ]);
    const question = { now: new Date('2026-06-01'), names: ['ignored'] };
    expect(lookAtCertificate(place, files, question)).toMatchObject({
      chain: 'self-signed',
      key: 'fits',
      missingNames: [],
    });
  });
});

describe('the keys for tokens of ServiceAccounts', () => {
  const places = { privateKey: '/sa.key', publicKey: '/sa.pub' };
  const lookAt = (privateKey?: Uint8Array, publicKey?: Uint8Array): string => {
    const files = new Map<string, Uint8Array>();
    if (privateKey !== undefined) files.set('/sa.key', privateKey);
    if (publicKey !== undefined) files.set('/sa.pub', publicKey);
    return lookAtAccountKeys(places, files);
  };

  it.each(['RSA', 'P-256', 'P-521'])('are a pair or not: %s', async (kind) => {
    const own = await openssl.keyPair(kind);
    const other = await openssl.keyPair(kind);
    expect(lookAt(own.privateKey, own.publicKey)).toBe('pair');
    expect(lookAt(own.privateKey, other.publicKey)).toBe('differs');
    // After a rotation the file holds both.
    expect(lookAt(own.privateKey, Buffer.concat([other.publicKey, own.publicKey]))).toBe('pair');
  });

  it('may be kept as a certificate and its key', () => {
    expect(lookAt(server.key, server.certificate)).toBe('pair');
    expect(lookAt(server.key, ca.certificate)).toBe('differs');
  });

  it('in the old form of an RSA key are read as well', async () => {
    const { privateKey, publicKey } = await openssl.keyPair('RSA');
    expect(lookAt(await openssl.run(['rsa', '-traditional'], privateKey), publicKey)).toBe('pair');
  });

  it('are missed, each for itself', async () => {
    const { privateKey, publicKey } = await openssl.keyPair('P-256');
    expect(lookAt(undefined, publicKey)).toBe('private-missing');
    expect(lookAt(privateKey)).toBe('public-missing');
    expect(lookAt(Buffer.from('junk'), publicKey)).toBe('unreadable');
    expect(lookAt(privateKey, Buffer.from('junk'))).toBe('unreadable');
    expect(lookAtAccountKeys({ privateKey: '/sa.key' }, new Map([['/sa.key', privateKey]]))).toBe(
      'no-public-file',
    );
    const ed25519 = await openssl.run(['genpkey', '-algorithm', 'ED25519']);
    expect(lookAt(ed25519, publicKey)).toBe('unsuitable');
  });
});
