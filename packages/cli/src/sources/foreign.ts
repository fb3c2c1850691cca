import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { ForeignPlace, ForeignScan, ForeignSnapshot } from '@holdfast/engine';
import type { Repository } from '@holdfast/repository';
import { required } from '../program/require.ts';
import type { Session } from '../session.ts';
import { chosenPlace, hasPlace } from './places.ts';
import { openPlace } from './repository.ts';
import { s3Options } from './storage.ts';

/** A snapshot that another system left, and where it lies. */
export interface ForeignChoice {
  readonly place: ForeignPlace;
  readonly snapshot: ForeignSnapshot;
}

/**
 * The place that others write to: a folder, `s3://bucket/folder`, or where a configured repository is.
 *
 * @throws Failure file-unreadable, and what settings and their files throw; a bucket is asked for nothing yet
 */
export async function openForeign(session: Session, text: string): Promise<ForeignPlace> {
  const { settings, repositories } = session;
  const word = placeWord(session, text);
  // What flags say of buckets may be about the repository alone.
  const { at } = chosenPlace({ settings: { ...settings, repo: [word] }, repositories, origins: [] });
  const { openForeignBucket, openForeignFolder } = await import('@holdfast/engine');
  if ('folder' in at) return await openForeignFolder(at.folder);
  const { s3SettingsOf } = await import('./s3.ts');
  return await openForeignBucket(await s3SettingsOf(at.s3), await s3Options(session));
}

/** A place as a command on another day takes it: folders in full. */
export function placeWord({ repositories, io }: Session, text: string): string {
  return text.startsWith('s3://') || repositories.has(text) ? text : resolve(io.cwd, text);
}

/** All that is in a place. @throws as scanForeign */
export async function scanOf(session: Session, place: ForeignPlace): Promise<ForeignScan> {
  const { scanForeign } = await import('@holdfast/engine');
  return await scanForeign(place, session.context);
}

/**
 * The snapshot that is meant: in a place by name, path or `latest`; without a place a file of this machine.
 *
 * @throws Failure foreign-missing, foreign-ambiguous, and as openForeign and scanOf
 */
export async function chosenForeign(
  session: Session,
  from: string | undefined,
  selector: string,
): Promise<ForeignChoice> {
  if (from === undefined) return await foreignFile(session, resolve(session.io.cwd, selector));
  const place = await openForeign(session, from);
  const { chooseForeign } = await import('@holdfast/engine');
  return { place, snapshot: chooseForeign(await scanOf(session, place), selector, place.location) };
}

async function foreignFile(session: Session, file: string): Promise<ForeignChoice> {
  const { openForeignFile } = await import('@holdfast/engine');
  const { place, path } = await openForeignFile(file);
  const { snapshots } = await scanOf(session, place);
  const own = snapshots.filter((each) => path === '' || each.path === path);
  const [only, other] = own;
  if (only === undefined) {
    const why = 'it is not a snapshot of a kind that is known';
    throw new Failure('foreign-missing', why, { name: file, location: place.location });
  }
  if (other === undefined) return { place, snapshot: only };
  const why = `it could be ${own.map((each) => each.path).join(', ')}: name the folder with --from`;
  throw new Failure('foreign-ambiguous', why, { name: file });
}

/**
 * The repository that foreign snapshots are brought into. What flags say of buckets may be about the place alone.
 *
 * @throws Failure as openRepository
 */
export async function openBeside(session: Session): Promise<Repository> {
  if (!hasPlace(session)) required(session.settings, 'repo');
  const { settings, repositories } = session;
  return await openPlace(session, chosenPlace({ settings, repositories, origins: [] }));
}
