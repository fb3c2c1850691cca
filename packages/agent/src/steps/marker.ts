import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepEvidence } from '@holdfast/engine';
import type { Places } from '../places.ts';
import { putWhole } from '../on-disk.ts';

/** Written when staged data is whole, as the last of it; undefined until then. It has the evidence of the step. */
export async function readMarker(places: Places): Promise<StepEvidence | undefined> {
  try {
    return JSON.parse(await readFile(markerOf(places), 'utf8')) as StepEvidence;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Says that what is staged is whole. */
export async function writeMarker(places: Places, evidence: StepEvidence): Promise<void> {
  await putWhole(markerOf(places), `${JSON.stringify(evidence)}\n`);
}

function markerOf({ work }: Places): string {
  return join(work, 'staged.json');
}
