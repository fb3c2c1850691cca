import { seededRandom, type SeededRandom } from '@holdfast/test-servers';

/** One step of a history, as data: it can be printed, and played to an etcd and to the model alike. */
export type Step =
  | { readonly do: 'put'; readonly key: string; readonly value: Buffer; readonly lease?: bigint }
  | { readonly do: 'delete'; readonly key: string; readonly end?: string }
  | { readonly do: 'txn'; readonly changes: readonly Change[] }
  | { readonly do: 'grant'; readonly lease: bigint }
  | { readonly do: 'revoke'; readonly lease: bigint }
  | { readonly do: 'compact'; readonly back: number }
  | { readonly do: 'defragment' };

/** One change of a transaction; the keys of one transaction differ. */
export type Change =
  | { readonly put: string; readonly value: Buffer; readonly lease?: bigint }
  | { readonly delete: string };

const names = Array.from({ length: 24 }, (_, i) => `/registry/${['pods', 'secrets', 'leases'][i % 3]}/k${i}`);

/** The history of a seed: some tens of steps over a few keys, so that versions, tombstones and leases pile up. */
export function historyOf(seed: number): Step[] {
  const random = seededRandom(seed);
  const leases: bigint[] = [];
  let granted = 0n;
  const steps: Step[] = [];
  const count = random.below(90);
  for (let i = 0; i < count; i++) {
    const dice = random.below(100);
    if (dice < 46) steps.push({ do: 'put', key: random.pick(names), ...content(random, leases) });
    else if (dice < 60) steps.push({ do: 'delete', key: random.pick(names) });
    else if (dice < 64) steps.push({ do: 'delete', ...rangeOf(random) });
    else if (dice < 82) steps.push({ do: 'txn', changes: changesOf(random, leases) });
    else if (dice < 88) {
      granted += 1n;
      const lease = (BigInt(seed) << 16n) + granted;
      leases.push(lease);
      steps.push({ do: 'grant', lease });
    } else if (dice < 92 && leases.length > 0) {
      const [lease] = leases.splice(random.below(leases.length), 1);
      steps.push({ do: 'revoke', lease: lease! });
    } else if (dice < 97) steps.push({ do: 'compact', back: random.below(12) });
    else steps.push({ do: 'defragment' });
  }
  return steps;
}

function content(random: SeededRandom, leases: readonly bigint[]): { value: Buffer; lease?: bigint } {
  const sizes = [0, 1, 30, 300, 3_000, 20_000, 300_000];
  const size = random.below(40) === 0 ? sizes[6]! : sizes[random.below(6)]!;
  const value = random.bytes(Math.min(size, 64));
  const filled = size > 64 ? Buffer.alloc(size, value) : value;
  return leases.length > 0 && random.below(3) === 0
    ? { value: filled, lease: random.pick(leases) }
    : { value: filled };
}

function rangeOf(random: SeededRandom): { key: string; end: string } {
  const [a, b] = [random.pick(names), random.pick(names)].toSorted();
  return { key: a!, end: `${b!}~` };
}

function changesOf(random: SeededRandom, leases: readonly bigint[]): Change[] {
  const keys = new Set(Array.from({ length: 1 + random.below(8) }, () => random.pick(names)));
  return [...keys].map((key) =>
    random.below(4) === 0 ? { delete: key } : { put: key, ...content(random, leases) },
  );
}

/** A history as text, for a failing seed. */
export function printHistory(steps: readonly Step[]): string {
  return steps
    .map(
      (step, i) =>
        `${i} ${JSON.stringify(step, (_, value: unknown) =>
          typeof value === 'bigint'
            ? value.toString(16)
            : isBuffer(value)
              ? `${value.data.length} bytes`
              : value,
        )}`,
    )
    .join('\n');
}

function isBuffer(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer';
}
