import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { receiversOf } from './receivers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-receivers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

test('an address comes from its file, else from its variable, else there is none', async () => {
  const env = { HOLDFAST_WEBHOOK_URL: 'https://hooks.example.org/hush', HOLDFAST_HEARTBEAT_URL: '' };
  const fromEnv = await receiversOf({ receiverCa: file('ca.crt', 'PEM') }, env);
  expect(fromEnv).toEqual({
    webhook: { url: new URL('https://hooks.example.org/hush'), ca: 'PEM' },
    heartbeat: undefined,
  });
  const options = {
    webhookUrlFile: file('w', 'https://a/1\n'),
    heartbeatUrlFile: file('h', 'http://b/{policy}\n'),
  };
  const { webhook, heartbeat } = await receiversOf(options, env);
  expect([webhook!.url.host, heartbeat!.url.host]).toEqual(['a', 'b']);
});

test('a file that others may read, or that holds no address, is refused without the secret', async () => {
  const exposed = { webhookUrlFile: file('w', 'https://a/hush', 0o644) };
  await expect(receiversOf(exposed, {})).rejects.toMatchObject({ code: 'secret-file-exposed' });
  const none = { webhookUrlFile: file('n', 'hush') };
  await expect(receiversOf(none, {})).rejects.toMatchObject({
    code: 'config-invalid',
    why: expect.not.stringContaining('hush') as string,
  });
  await expect(receiversOf({ receiverCa: join(folder, 'gone') }, {})).rejects.toMatchObject({
    code: 'file-unreadable',
  });
});
