import { testZip } from './zip.ts';

/** The state of an RKE cluster as `.rkestate` has it, without anything real in it. */
export const rkeState = Buffer.from(
  JSON.stringify({
    desiredState: {},
    currentState: { rkeConfig: { kubernetesVersion: 'v1.27.8-rancher1-1' }, certificatesBundle: {} },
  }),
);

/** A zip as rke-tools writes it: absolute names, the state of the cluster beside the database. */
export function rkeZip(name: string, content: Uint8Array, state: Uint8Array | null = rkeState): Buffer {
  return testZip([
    { name: `/backup/${name}`, content },
    ...(state === null ? [] : [{ name: `/etc/kubernetes/${name}.rkestate`, content: state }]),
  ]);
}
