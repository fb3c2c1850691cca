/** Where a repository may be, what of it counts for a save, and how fast it may be used. */
export interface Place {
  /** As `--repo` takes it: a folder in full, `s3://bucket/folder`, or the name of a configured repository. */
  readonly name: string;
  /** Whether a save has failed when it failed here; else it is a best effort. */
  readonly required: boolean;
  /** Whether a save removes its copy here once all other required ones are stored and read back. */
  readonly dropLocal: boolean;
  readonly limits: PlaceLimits;
  readonly at: { readonly folder: string } | { readonly s3: DescribedS3 };
}

/** Bytes per second, and steps under way at once. */
export interface PlaceLimits {
  readonly uploadPerSecond?: number;
  readonly downloadPerSecond?: number;
  readonly concurrency?: number;
}

/** A bucket as the settings describe it: paths are in full, and what the files hold is not read yet. */
export interface DescribedS3 {
  readonly bucket: string;
  readonly folder?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly style?: 'auto' | 'path' | 'virtual-host';
  /** PEM, or base64 of it. */
  readonly ca?: string;
  readonly caFile?: string;
  readonly skipVerify?: boolean;
  readonly proxy?: string;
  readonly credentialsFile?: string;
  readonly role?: DescribedRole;
  readonly encryption?: string;
  readonly storageClass?: string;
  readonly lock?: string;
  readonly partSize?: number;
  readonly parallel?: number;
  readonly conditionalWrites?: 'probe' | 'none';
}

/** A role that is assumed with the credentials. */
interface DescribedRole {
  readonly arn: string;
  readonly externalId?: string;
  readonly sessionName?: string;
  readonly endpoint?: string;
}

/** The repositories of the configuration, in their order, by name. */
export type Places = ReadonlyMap<string, Place>;

/** The folder or the bucket, as a person names it. */
export function placeText({ at }: Pick<Place, 'at'>): string {
  if ('folder' in at) return at.folder;
  return `s3://${[at.s3.bucket, at.s3.folder ?? ''].filter(Boolean).join('/')}`;
}

/** The same with the server of a bucket: two places of one text are one place. */
export function placeAddress(place: Pick<Place, 'at'>): string {
  const endpoint = 's3' in place.at ? place.at.s3.endpoint : undefined;
  return endpoint === undefined ? placeText(place) : `${placeText(place)} at ${endpoint}`;
}
