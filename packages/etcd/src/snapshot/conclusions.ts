import type { Check } from '@holdfast/model';
import { type ByteSource, type Image } from '../bolt/index.ts';
import { type ContentHashes, imageSize } from './content-hash.ts';
import { Findings } from './findings.ts';
import type { ImageReading } from './image-reading.ts';
import type { VerifyOptions } from './verify.ts';

/** The checks of the file as bytes: size, SHA-256 against what was recorded, and against its own trailer. */
export function concludeContent(
  source: ByteSource,
  image: Image | null,
  hashes: ContentHashes,
  { expected, trailer = 'required' }: Pick<VerifyOptions, 'expected' | 'trailer'>,
): Check[] {
  return [
    concludeSize(source, image, expected?.size),
    concludeSha256(hashes, expected?.sha256),
    concludeTrailer(source, hashes, trailer),
  ];
}

function concludeSize({ size }: ByteSource, image: Image | null, recorded: number | undefined): Check {
  const findings = new Findings();
  if (recorded !== undefined && recorded !== size)
    findings.add(
      'size',
      `byte ${Math.min(size, recorded)}`,
      `the file has ${size} bytes, but ${recorded} were recorded`,
    );
  if (image === null) return findings.conclude('size', `${size} bytes`);
  const { pageSize, meta } = image;
  const present = imageSize(size);
  const wanted = meta.pages * pageSize;
  if (present < wanted)
    findings.add(
      'size',
      `byte ${present}`,
      `the image ends here, but its ${meta.pages} pages of ${pageSize} end at ${wanted}`,
    );
  if (present === size && size % pageSize !== 0)
    findings.add(
      'size',
      `byte ${size - (size % pageSize)}`,
      `the file ends within a page of ${pageSize} bytes`,
    );
  return findings.conclude('size', `${size} bytes with ${meta.pages} pages of ${pageSize}`);
}

function concludeSha256({ file }: ContentHashes, recorded: string | undefined): Check {
  const check = 'sha256';
  if (recorded === undefined)
    return { check, outcome: 'skipped', detail: `none was recorded; it is ${file}` };
  return file === recorded
    ? { check, outcome: 'passed', detail: file }
    : {
        check,
        outcome: 'failed',
        detail: `the whole file: its SHA-256 is ${file}, but ${recorded} was recorded`,
      };
}

function concludeTrailer(
  { size }: ByteSource,
  { image, trailer }: ContentHashes,
  wanted: 'required' | 'optional',
): Check {
  const check = 'trailer';
  if (trailer === null)
    return wanted === 'optional'
      ? { check, outcome: 'skipped', detail: "the file has none, as a copy of a member's own database" }
      : {
          check,
          outcome: 'failed',
          detail: `byte ${size}: the SHA-256 that ends every snapshot of etcd is missing`,
        };
  return image === trailer
    ? { check, outcome: 'passed', detail: 'the SHA-256 at the end of the file is that of what precedes it' }
    : {
        check,
        outcome: 'failed',
        detail: `byte ${imageSize(size)}: the SHA-256 here is ${trailer}, but what precedes it has ${image}`,
      };
}

/** The checks of what the file holds: tree, records, revisions. */
export function concludeReading(findings: Findings, reading: ImageReading | null): Check[] {
  const tree = findings.conclude(
    'tree',
    `${reading?.pages.total} pages, ${reading?.pages.free} of them free`,
  );
  const others = (['records', 'revisions'] as const).map((check): Check => {
    if (reading === null || (tree.outcome === 'failed' && findings.count(check) === 0))
      return { check, outcome: 'skipped', detail: 'the tree could not be read in full' };
    return findings.conclude(check, check === 'records' ? recordsRead(reading) : revisionsSeen(reading));
  });
  return [tree, ...others];
}

function recordsRead({ keySpace, status }: ImageReading): string {
  return `${keySpace.records} records of ${status.liveKeys} live keys, ${status.pairs} pairs in all buckets`;
}

function revisionsSeen({ point: { scheduled }, keySpace: { revision } }: ImageReading): string {
  const from = scheduled < 0 ? 2 : scheduled + 1;
  if (revision < from) return scheduled < 0 ? 'none was written yet' : `all up to ${scheduled} are compacted`;
  return `${from} to ${revision} without a hole` + (scheduled < 0 ? '' : `, those before are compacted`);
}
