import { limits } from '@holdfast/base';

/** Does the same with each, `limits.readsAtOnce` at once; the results are in the order of the items. The first failure ends it. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = Array.from({ length: items.length });
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index]!, index);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(limits.readsAtOnce, items.length) }, worker));
  } finally {
    next = items.length;
  }
  return results;
}
