import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeSealer } from '../secrets/aes-sealer.ts';
import { testContext, type TestContext } from '../testing/context.ts';
import { isRenewalDue, issueAgentCertificate } from './agent-certificate.ts';
import { openAuthority, type Authority } from './authority.ts';
import { startOpenssl, type Openssl } from './testing/openssl.ts';

const agent = { node: 'n-7f3kq', cluster: 'c-m2x8w' };
const day = 24 * 3_600_000;
let context: TestContext;
let authority: Authority;
let openssl: Openssl;

beforeAll(async () => {
  context = await testContext();
  authority = await openAuthority(context);
  openssl = await startOpenssl();
  await openssl.put('ca.pem', authority.certificate);
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
  await openssl[Symbol.asyncDispose]();
});

/** That openssl looks at the time of the tests. */
function atNow(): string[] {
  return ['-attime', String(Math.floor(context.clock.now().getTime() / 1_000))];
}

/** What openssl says of a certificate. */
async function textOf(pem: string): Promise<string> {
  await openssl.put('shown.pem', pem);
  return openssl.run('x509', '-in', 'shown.pem', '-noout', '-text');
}

test('the CA is one of P-256 for ten years, for leaves alone, and openssl agrees', async () => {
  const text = await textOf(authority.certificate);
  expect(text).toMatch(/X509v3 Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
  expect(text).toMatch(/X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign/);
  expect(text).toMatch(/NIST CURVE: P-256/);
  expect(text).toMatch(/Subject: CN ?= ?Holdfast fleet [0-9a-f]{8}/);
  const { validFromDate, validToDate } = authority.parsed;
  expect(validToDate.getTime() - context.clock.now().getTime()).toBe(3_650 * day);
  expect(validFromDate < context.clock.now()).toBe(true);
  expect(authority.sha256).toBe(createHash('sha256').update(authority.parsed.raw).digest('hex'));
  expect(await openssl.run('verify', '-x509_strict', ...atNow(), '-CAfile', 'ca.pem', 'ca.pem')).toContain(
    ': OK',
  );
});

test('replicas that begin at once have one CA, and so has each that begins later', async () => {
  await using own = await testContext();
  const all = await Promise.all(Array.from({ length: 5 }, () => openAuthority(own)));
  expect(new Set(all.map(({ sha256 }) => sha256)).size).toBe(1);
  expect((await openAuthority(own)).sha256).toBe(all[0]!.sha256);
  expect(all[0]!.sha256).not.toBe(authority.sha256);
});

test('the key of the CA stands in the store sealed, and another key does not open it', async () => {
  const stored = Buffer.from((await context.store.settings.get('authority'))!);
  expect(stored.includes('key')).toBe(false);
  const sealer = makeSealer(randomBytes(32), randomBytes);
  await expect(openAuthority({ ...context, sealer })).rejects.toMatchObject({
    code: 'secret-unreadable',
    why: 'it was sealed with another key',
  });
});

test.each(['P-256', 'rsa:2048'])(
  'an agent with a key of %s gets a certificate that says what we say',
  async (kind) => {
    const { key, csr } = await openssl.request(
      kind,
      '-subj',
      '/CN=n-other/O=c-other',
      '-addext',
      'subjectAltName=DNS:evil.example,URI:holdfast:cluster:c-other:node:n-other',
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'keyUsage=critical,keyCertSign',
    );
    const { certificate, notAfter } = await issueAgentCertificate(context, authority, csr, agent);
    const text = await textOf(certificate);
    expect(text).toMatch(/Subject: CN ?= ?n-7f3kq, O ?= ?c-m2x8w/);
    expect(text).toMatch(
      /Alternative Name: *\n\s+DNS:n-7f3kq\.node\.holdfast, URI:holdfast:cluster:c-m2x8w:node:n-7f3kq\n/,
    );
    expect(text).toMatch(
      /Extended Key Usage: *\n\s+TLS Web Client Authentication, TLS Web Server Authentication/,
    );
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(text).not.toMatch(/evil|other|CA:TRUE|Certificate Sign/);
    expect(Date.parse(notAfter) - context.clock.now().getTime()).toBe(30 * day);
    expect(new X509Certificate(certificate).validToDate.toISOString()).toBe(notAfter);
    expect(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' })).toBe(
      await publicOf(key),
    );
    await openssl.put('agent.pem', certificate);
    for (const purpose of ['sslclient', 'sslserver'])
      expect(
        await openssl.run(
          'verify',
          '-x509_strict',
          ...atNow(),
          '-purpose',
          purpose,
          '-CAfile',
          'ca.pem',
          'agent.pem',
        ),
      ).toContain('agent.pem: OK');
  },
);

async function publicOf(key: string): Promise<string> {
  await openssl.put('own.key', key);
  return openssl.run('pkey', '-in', 'own.key', '-pubout');
}

test.each(['rsa:1024', 'P-384', 'secp256k1', 'ed25519'])('a key of %s is refused', async (kind) => {
  const { csr } = await openssl.request(kind);
  await expect(issueAgentCertificate(context, authority, csr, agent)).rejects.toMatchObject({
    code: 'csr-invalid',
  });
});

test('a request that is not signed with its own key is refused', async () => {
  const { csr } = await openssl.request('P-256');
  const der = Buffer.from(csr.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  // The last byte belongs to the signature.
  der[der.length - 1]! ^= 1;
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  await expect(issueAgentCertificate(context, authority, forged, agent)).rejects.toMatchObject({
    code: 'csr-invalid',
    why: 'its signature is not of its key',
  });
});

test('a request that is signed by SHA-1 is refused', async () => {
  const { csr } = await openssl.request('rsa:2048', '-sha1');
  await expect(issueAgentCertificate(context, authority, csr, agent)).rejects.toMatchObject({
    code: 'csr-invalid',
  });
});

test.each(['', 'x', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'])(
  'what is no request is refused: %j',
  async (csr) => {
    await expect(issueAgentCertificate(context, authority, csr, agent)).rejects.toMatchObject({
      code: 'csr-invalid',
    });
  },
);

test('no certificate outlives the CA', async () => {
  await using own = await testContext();
  const ca = await openAuthority(own);
  const { csr } = await openssl.request('P-256');
  own.clock.advance(3_625 * day);
  await expect(issueAgentCertificate(own, ca, csr, agent)).rejects.toMatchObject({ code: 'authority-ended' });
});

test('an agent renews ten days before the end', () => {
  expect(isRenewalDue('2026-12-22T10:00:00.000Z', new Date('2026-12-12T09:59:59.000Z'))).toBe(false);
  expect(isRenewalDue('2026-12-22T10:00:00.000Z', new Date('2026-12-12T10:00:00.000Z'))).toBe(true);
  expect(isRenewalDue('2026-12-22T10:00:00.000Z', new Date('2027-01-01T00:00:00.000Z'))).toBe(true);
  expect(isRenewalDue(null, new Date())).toBe(true);
});
