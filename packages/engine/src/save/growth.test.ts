import { expect, test } from 'vitest';
import { follow, Growth } from './growth.ts';

const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => i % 251));
const read = (target: Uint8Array, at: number): number => {
  target.set(content.subarray(at, at + target.length));
  return target.length;
};

async function gathered(growth: Growth): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of follow(growth, read)) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

test('who follows gets every byte once, however it grows', async () => {
  const growth = new Growth();
  const following = gathered(growth);
  const late = (async () => {
    await growth.beyond(2_000_000);
    return await gathered(growth);
  })();
  for (const bytes of [1, 1_048_576, 1_000_000, 951_423]) {
    growth.grown(bytes);
    await new Promise(setImmediate);
  }
  growth.end();
  expect((await following).equals(content)).toBe(true);
  expect((await late).equals(content)).toBe(true);
});

test('what fails is told to who waits and to who comes later', async () => {
  const growth = new Growth();
  growth.grown(10);
  const following = gathered(growth);
  growth.fail(new Error('enough'));
  await expect(following).rejects.toThrow('enough');
  await expect(growth.beyond(0)).rejects.toThrow('enough');
});

test('nothing is an end too', async () => {
  const growth = new Growth();
  growth.end();
  expect(await gathered(growth)).toHaveLength(0);
});
