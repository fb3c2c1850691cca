import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealingPrograms } from '@holdfast/test-servers';
import type { BenchDatabase } from './database.ts';
import type { Duel } from './duel.ts';
import { measure, type Run } from './measure.ts';

const object = join(import.meta.dirname, 'object.ts');

/** Seal and open: zstd level 3 in frames with a seek table, then age; the programs make one frame without a table. */
export async function objectDuels(database: BenchDatabase, folder: string): Promise<Duel[]> {
  const { age, 'age-keygen': keygen, zstd } = await sealingPrograms();
  const [keys, recipients] = [join(folder, 'keys.txt'), join(folder, 'recipients.txt')];
  execFileSync(keygen, ['-o', keys], { stdio: 'ignore' });
  writeFileSync(recipients, execFileSync(keygen, ['-y', keys]));
  const [sealed, plain] = [join(folder, 'sealed.age'), join(folder, 'plain.db')];
  const pipe = async (script: string, to: string, ...args: string[]): Promise<Run> =>
    await thenRemove(to, measure('sh', ['-c', `set -e; ${script}`, 'sh', age, zstd, to, ...args]));
  let made: Promise<Run> | undefined;
  const sealing = '"$2" -q -3 -T0 -c "$4" | "$1" -R "$5" -o "$3"';
  return [
    {
      what: 'seal',
      theirs: 'zstd -3 -T0 | age',
      atMost: 1,
      ours: async () => await ours('seal', database.snapshot, recipients, sealed),
      reference: async () => await pipe(sealing, sealed, database.snapshot, recipients),
    },
    {
      what: 'open',
      theirs: 'age -d | zstd -d',
      atMost: 1.5,
      ours: async () => await ours('open', await standing(), keys, plain),
      reference: async () =>
        await pipe('"$1" -d -i "$5" "$4" | "$2" -q -d -c > "$3"', plain, await standing(), keys),
    },
  ];

  /** The sealed object that both open, made once. */
  async function standing(): Promise<string> {
    const kept = join(folder, 'kept.age');
    made ??= measure(process.execPath, [object, 'seal', database.snapshot, recipients, kept]);
    await made;
    return kept;
  }
}

async function ours(verb: string, from: string, key: string, to: string): Promise<Run> {
  return await thenRemove(to, measure(process.execPath, [object, verb, from, key, to]));
}

async function thenRemove(path: string, run: Promise<Run>): Promise<Run> {
  try {
    return await run;
  } finally {
    rmSync(path, { force: true });
  }
}
