/**
 * The version of etcd in an image, by its tag: `registry.k8s.io/etcd:3.5.16-0`, `rancher/hardened-etcd:v3.5.13-k3s1-build20240531`;
 * null where the tag tells none.
 */
export function imageVersion(image = ''): string | null {
  return /:v?(\d+\.\d+\.\d+)(?:[-+_][\w.-]*)?(?:@.*)?$/.exec(image)?.[1] ?? null;
}
