import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRepository, type Repository } from '@holdfast/repository';
import { holdfast, stillClock, type Ran, type TestIo } from './io.ts';

/** An empty repository in a folder of its own, and the command line on it. */
export interface TestRepository {
  readonly folder: string;
  readonly repository: Repository;
  /** Runs a command line, its words parted by blanks, on the repository, whose path is written as REPO in what it says. */
  readonly cli: (args: string, io?: TestIo) => Promise<Ran>;
}

/** Makes one whose ids are the same every time. */
export async function makeTestRepository(): Promise<TestRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
  let ids = 0;
  const uuid = (): string => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;
  const repository = await openRepository(folder, { create: true, clock: stillClock, uuid });
  const plain = (text: string): string => text.replaceAll(folder, 'REPO');
  return {
    folder,
    repository,
    cli: async (args, io = {}) => {
      const ran = await holdfast(args.split(' '), { env: { HOLDFAST_REPO: folder }, ...io });
      return { exit: ran.exit, stdout: plain(ran.stdout), stderr: plain(ran.stderr) };
    },
  };
}
