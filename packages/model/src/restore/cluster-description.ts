import { z } from 'zod';
import { clusterNamePattern } from '../cluster.ts';

/** An absolute path of the member's own machine. */
const Path = z.string().regex(/^\//, 'must be an absolute path');
const Urls = z.array(z.string().min(1)).min(1);

/** How etcd is run on a node. `driver` names the host driver; the rest is what that one needs. */
export const HostDescription = z.discriminatedUnion('driver', [
  z.strictObject({
    driver: z.literal('process'),
    /** Program and arguments, as they are started. */
    command: z.array(z.string()).min(1),
    environment: z.record(z.string(), z.string()).default({}),
    /** Takes what etcd prints; appended to. */
    logFile: Path,
  }),
  z.strictObject({
    driver: z.literal('systemd'),
    unit: z.string().regex(/^[\w:.@\\-]+\.service$/, 'must be the name of a service unit, as etcd.service'),
  }),
]);
export type HostDescription = z.infer<typeof HostDescription>;

/** One member: how it is called and reached, where its data lies, and how its etcd is run. */
export const MemberDescription = z.strictObject({
  name: z.string().min(1),
  peerUrls: Urls,
  clientUrls: Urls,
  dataDir: Path,
  /** The write-ahead log, where it lies outside of the data directory. */
  walDir: Path.optional(),
  run: HostDescription,
});
export type MemberDescription = z.infer<typeof MemberDescription>;

/** A cluster as a restore needs to know it: the file that a person writes, or what was discovered. */
export const ClusterDescription = z.strictObject({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('ClusterDescription'),
  name: z.string().regex(clusterNamePattern, 'must be one word of letters, digits and . _ -'),
  members: z.array(MemberDescription).min(1),
});
export type ClusterDescription = z.infer<typeof ClusterDescription>;
