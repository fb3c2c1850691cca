import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { ReceiverSpec } from '@holdfast/model/fleet';
import { makeCertificates } from '@holdfast/test-servers';
import { expect, onTestFinished, test } from 'vitest';
import { sendMail } from './mail.ts';
import { mailSink, type MailSink } from './testing/mail-sink.ts';
import { toldAlert } from './told-alert.ts';

type Mail = Extract<ReceiverSpec, { kind: 'email' }>;

const alert = toldAlert({
  ...{ key: 'node-gone/c-11111/n-11111', kind: 'node-gone', severity: 'critical', cluster: 'c-11111' },
  ...{ of: 'n-11111', what: 'The agent is silent.', next: 'Look at it.', resolvedAt: null },
  since: '2026-11-22T10:00:00.000Z',
});

/** @param trusted whether this process trusts the CA of the sink */
async function sinkOf(way: 'secure' | 'starttls' | 'plain', trusted = true): Promise<MailSink> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mail-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { cacert, serverKey, serverCert } = await makeCertificates(folder);
  if (trusted) {
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, readFileSync(cacert, 'utf8')]);
    onTestFinished(() => setDefaultCACertificates(before));
  }
  const tls = { key: readFileSync(serverKey, 'utf8'), cert: readFileSync(serverCert, 'utf8') };
  const sink = await mailSink({ tls, way });
  onTestFinished(() => sink[Symbol.asyncDispose]());
  return sink;
}

function receiver({ port }: MailSink, changes: Partial<Mail> = {}): Mail {
  return {
    ...{ kind: 'email', name: 'ops', host: '127.0.0.1', port, secure: true },
    ...{ from: 'holdfast@example.com', to: ['ann@example.com', 'bob@example.com'], user: 'holdfast' },
    ...changes,
  };
}

test.each([
  ['secure', true],
  ['starttls', false],
] as const)('a mail by %s is encrypted, and its password with it', async (way, secure) => {
  const sink = await sinkOf(way);
  expect(await sendMail(receiver(sink, { secure }), 'pa55word', [alert])).toBeUndefined();
  expect(sink.mails).toEqual([
    {
      ...{ from: 'holdfast@example.com', to: ['ann@example.com', 'bob@example.com'] },
      ...{ login: 'holdfast:pa55word', encrypted: true, content: expect.any(String) },
    },
  ]);
  const { content } = sink.mails[0]!;
  expect(content).toContain('Subject: Holdfast: [critical] node-gone c-11111');
  expect(content).toContain('[critical] c-11111: The agent is silent. Look at it.');
});

test('no password is sent where the mail server offers no TLS', async () => {
  const sink = await sinkOf('plain');
  const refused = await sendMail(receiver(sink, { secure: false }), 'pa55word', [alert]);
  expect(refused).toMatch(/^the mail server (answers|was not reached)/);
  expect(sink.mails).toEqual([]);
  const { user: _, ...open } = receiver(sink, { secure: false });
  expect(await sendMail(open, undefined, [alert])).toBeUndefined();
  expect(sink.mails).toMatchObject([{ login: null, encrypted: false }]);
});

test('a mail server that nobody vouches for gets nothing', async () => {
  const sink = await sinkOf('secure', false);
  expect(await sendMail(receiver(sink), 'pa55word', [alert])).toContain('was not reached');
  expect(sink.mails).toEqual([]);
});

test('what the mail server answers is told by its figure, without its words', async () => {
  const sink = await sinkOf('secure');
  sink.refuses = '552 pa55word is too long';
  expect(await sendMail(receiver(sink), 'pa55word', [alert])).toBe('the mail server answers DATA with 552');
  await sink[Symbol.asyncDispose]();
  expect(await sendMail(receiver(sink), 'pa55word', [alert])).toContain('was not reached: E');
});
