import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskedDiff } from './masked-diff.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const diff = (from: string, to: string): string | null => maskedDiff('/etc/x', bytes(from), bytes(to));
const secret = 'c2VjcmV0IGlzIHNlY3VyZSwgb3IgaXMgaXQ';

test('what changes is shown with the lines around it', () => {
  const lines = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
  const changed = lines.with(4, 'FIVE').concat('ten');
  expect(diff(`${lines.join('\n')}\n`, `${changed.join('\n')}\n`)).toBe(
    [
      ...['--- /etc/x', '+++ /etc/x', '@@ -2,8 +2,9 @@'],
      ...[' two', ' three', ' four', '-five', '+FIVE', ' six', ' seven', ' eight', ' nine', '+ten', ''],
    ].join('\n'),
  );
  expect(diff('', 'a\n')).toBe('--- /etc/x\n+++ /etc/x\n@@ -0,0 +1,1 @@\n+a\n');
  expect(maskedDiff('/etc/x', Uint8Array.of(0xff, 0), bytes('a'))).toBeNull();
});

test('a diff turns the one text into the other', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 14 });
  fc.assert(
    fc.property(text, text, (from, to) => {
      const lines = diff(from.join('\n'), to.join('\n'))!.split('\n').slice(2, -1);
      const result: string[] = [];
      let at = 0;
      for (const line of lines) {
        const [, old, count] = /^@@ -(\d+),(\d+) /.exec(line) ?? [];
        if (old !== undefined) {
          const start = Number(old) - (count === '0' ? 0 : 1);
          result.push(...from.slice(at, start));
          at = start;
        } else if (line.startsWith('+')) result.push(line.slice(1));
        else {
          expect(from[at]).toBe(line.slice(1));
          if (line.startsWith(' ')) result.push(line.slice(1));
          at += 1;
        }
      }
      // No line of a text without any is the empty one.
      expect([...result, ...from.slice(at)]).toEqual(to);
    }),
  );
});

describe('a secret is never shown:', () => {
  test.each([
    `token: ${secret}`,
    `token: "short"`.replace('short', 'hunter22'),
    `  - name: key1\n    secret: ${secret}`,
    `{"kind":"EncryptionConfiguration","resources":[{"providers":[{"aescbc":{"keys":[{"name":"k","secret":"${secret}"}]}}]}]}`,
    `K3S_TOKEN=${secret}`,
    `Environment="K3S_TOKEN=${secret}"`,
    `ExecStart=/usr/bin/k3s server --token ${secret}`,
    `ExecStart=/usr/bin/k3s server --token=${secret} --etcd-s3-secret-key=hunter22`,
    `command:\n  - --token\n  - hunter22`,
    `- --etcd-s3-access-key=hunter22`,
    `etcd-s3-secret-key: hunter22`,
    `password: |\n  hunter22\n  more`,
    `-----BEGIN RSA PRIVATE KEY-----\n${secret}\nhunter22\n-----END RSA PRIVATE KEY-----`,
    `datastore-endpoint: postgres://ada:hunter22@db/x`,
    `client-key-data: ${secret}`,
    `certificate-authority-data: ${secret.repeat(3)}`,
    `  auth:\n    username: ada\n    password: hunter22`,
    `anything: ${secret}${secret}`,
    `  password: 'hunter22 with words'`,
    `ANYTHING=${secret}`,
    `id: ${'0a1b2c3d'.repeat(5)}`.replace('0a1b', secret),
    `id: abcdef${'0a1b2c3d'.repeat(4)}hunter22`,
  ])('%s', (text) => {
    const shown = `${diff(text, 'a: b\n')}${diff('', text)}`;
    expect(shown).not.toContain(secret.slice(0, 12));
    expect(shown).not.toMatch(/hunter22|with words/);
    expect(shown).toContain('***');
  });
});

test('what is no secret is', () => {
  const text = [
    '    - --service-account-signing-key-file=/etc/kubernetes/pki/sa.key',
    '    - --encryption-provider-config=/etc/kubernetes/enc/enc.yaml',
    '    - --tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    `    image: registry.k8s.io/kube-apiserver:v1.34.1@sha256:${'0'.repeat(64)}`,
    'clientCAFile: /etc/kubernetes/pki/ca.crt',
    'staticPodPath: /etc/kubernetes/manifests/and/a/very/long/path/to/go/with/it',
    'cluster-cidr: 10.42.0.0/16',
    'profile: cis',
    'disable: [traefik, servicelb]',
  ].join('\n');
  expect(diff('', text)).not.toContain('***');
});
