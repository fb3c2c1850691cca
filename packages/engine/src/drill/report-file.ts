import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, limits } from '@holdfast/base';
import { DrillReport } from '@holdfast/model';
import { stageBeside } from '@holdfast/repository';
import { selfHash } from '../self-hash.ts';

/** A report that is there and cannot be trusted. */
export interface DamagedDrill {
  readonly path: string;
  readonly why: string;
}

/** Every drill that was recorded, oldest first. */
export interface DrillList {
  readonly drills: readonly DrillReport[];
  readonly damaged: readonly DamagedDrill[];
}

/** The folder of the reports. */
function drillFolder(stateDir: string): string {
  return join(stateDir, 'drills');
}

/**
 * Keeps a report, durable and for this user only; returns it with its hash.
 *
 * @throws Failure file-unwritable, disk-full
 */
export async function keepReport(stateDir: string, draft: Omit<DrillReport, 'hash'>): Promise<DrillReport> {
  const report = { ...draft, hash: selfHash(draft) };
  const path = join(
    drillFolder(stateDir),
    `${report.at.replaceAll(/[-:.]/g, '')}-${report.snapshot.name}.json`,
  );
  const file = await stageBeside(path);
  file.write(Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
  if (!(await file.place())) {
    throw new Failure('file-unwritable', 'another drill of this snapshot began at the same moment', { path });
  }
  return report;
}

/**
 * Reads all reports of a state folder, and compares each with its hash.
 *
 * @throws Failure file-unreadable when the folder cannot be read; one that is not there holds none
 */
export async function listDrills(stateDir: string): Promise<DrillList> {
  const folder = drillFolder(stateDir);
  const drills: DrillReport[] = [];
  const damaged: DamagedDrill[] = [];
  for (const name of (await namesIn(folder)).filter(
    (each) => each.endsWith('.json') && !each.startsWith('.'),
  )) {
    const path = join(folder, name);
    const read = await readReport(path);
    if (typeof read === 'string') damaged.push({ path, why: read });
    else drills.push(read);
  }
  drills.sort((a, b) => a.at.localeCompare(b.at));
  return { drills, damaged };
}

/** Makes the folder of the reports, for this user only. */
export async function makeDrillFolder(stateDir: string): Promise<string> {
  const folder = drillFolder(stateDir);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch (cause) {
    throw new Failure('file-unwritable', (cause as Error).message, { path: folder }, { cause });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Failure('file-unreadable', (cause as Error).message, { path: folder }, { cause });
  }
}

/** The report, or why it is none. */
async function readReport(path: string): Promise<DrillReport | string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > limits.recordBytes) return 'it is too large to be a report';
    const read: unknown = JSON.parse(text);
    const report = DrillReport.parse(read);
    // As it was read: what the schema does not know was hashed too.
    return report.hash === selfHash(read as object)
      ? report
      : 'it is not what was written: its SHA-256 differs from its hash';
  } catch (error) {
    return error instanceof SyntaxError || (error as Error).name === 'ZodError'
      ? 'it is not a whole report of a drill'
      : (error as Error).message;
  }
}
