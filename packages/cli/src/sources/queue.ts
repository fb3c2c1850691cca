import { randomInt } from 'node:crypto';
import type { CopyQueue } from '@holdfast/engine';
import type { Session } from '../session.ts';

const random = (): number => randomInt(2 ** 32) / 2 ** 32;

/** The copies that wait on this machine. */
export async function openQueue({ settings, io }: Pick<Session, 'settings' | 'io'>): Promise<CopyQueue> {
  const { CopyQueue } = await import('@holdfast/engine');
  return new CopyQueue(settings.stateDir, { clock: io.clock, random });
}
