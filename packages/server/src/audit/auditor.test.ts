import { expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { auditor, type AuditNote } from './auditor.ts';
import { verifyAudit } from './chain.ts';

const note: AuditNote = {
  by: 'ann',
  token: 't-aaaaa',
  address: '192.0.2.1',
  action: 'putCluster',
  of: 'c-aaaaa',
  cluster: 'c-aaaaa',
  outcome: 'allowed',
  details: {},
};
const refused: AuditNote = { ...note, by: 'nobody', token: null, action: 'logIn', outcome: 'refused' };
const page = { limit: 1_000 };

test('entries follow each other, whoever writes them at once', async () => {
  await using context = await testContext();
  const replicas = [auditor(context), auditor(context)];
  await Promise.all(Array.from({ length: 40 }, (_, n) => replicas[n % 2]!.note({ ...note, details: { n } })));
  const { items } = await context.store.audit.list(page);
  expect(items).toHaveLength(40);
  expect(items[0]).toMatchObject({ ...note, details: {}, n: 1, at: '2026-11-22T10:00:00.000Z' });
  expect(await verifyAudit(items)).toBeUndefined();
  const missing = items.toSpliced(20, 1);
  expect(await verifyAudit(missing)).toMatchObject({ n: 21 });
});

test('a store that does not take an entry fails the request', async () => {
  await using context = await testContext();
  const audit = { ...context.store.audit, append: () => Promise.reject(new Error('full')) };
  const { note: write } = auditor({ ...context, store: { ...context.store, audit } });
  await expect(write(note)).rejects.toThrow('full');
});

test('refusals of one address are written up to a limit, then counted and told in one entry', async () => {
  await using context = await testContext();
  const { note: write, run } = auditor(context);
  for (let n = 0; n < 500; n += 1) await write(refused);
  for (let n = 0; n < 7; n += 1) await write({ ...refused, address: `2001:db8::${n}`, outcome: 'failed' });
  await write(note);
  expect((await context.store.audit.list(page)).items).toHaveLength(28);
  const end = new AbortController();
  const running = run(end.signal);
  context.clock.advance(60_000);
  await expect
    .poll(() => context.store.audit.last())
    .toMatchObject({
      by: 'server',
      action: 'refusals',
      outcome: 'refused',
      address: null,
      details: { count: 480, most: { '192.0.2.1': 480 } },
    });
  end.abort();
  await running;
  const { items } = await context.store.audit.list(page);
  expect(items).toHaveLength(29);
  expect(await verifyAudit(items)).toBeUndefined();
});

test('what is only counted is written when the server ends', async () => {
  await using context = await testContext();
  const { note: write, run } = auditor(context);
  for (let n = 0; n < 25; n += 1) await write(refused);
  const end = new AbortController();
  const running = run(end.signal);
  end.abort();
  await running;
  expect(await context.store.audit.last()).toMatchObject({ details: { count: 5 } });
});

test('many addresses together fill no disk', async () => {
  await using context = await testContext();
  const { note: write } = auditor(context);
  for (let n = 0; n < 1_000; n += 1) await write({ ...refused, address: `10.0.${n >> 8}.${n & 255}` });
  expect((await context.store.audit.list(page)).items).toHaveLength(200);
});

test('what was allowed is always written', async () => {
  await using context = await testContext();
  const { note: write } = auditor(context);
  for (let n = 0; n < 300; n += 1) await write(note);
  expect((await context.store.audit.list(page)).items).toHaveLength(300);
});

test('what looks like a token is never written, wherever it stands', async () => {
  await using context = await testContext();
  const secret = 'S'.repeat(43);
  await auditor(context).note({
    ...note,
    of: `hf_t-aaaaa_${secret}`,
    details: { deep: [{ token: `Bearer hfj_j-aaaaa_${secret}, t-aaaaa:${secret}` }] },
  });
  const entry = await context.store.audit.last();
  expect(JSON.stringify(entry)).not.toContain(secret);
  expect(entry).toMatchObject({ of: 'hf_t-aaaaa_…' });
});
