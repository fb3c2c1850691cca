import type { HostDescription } from './cluster-description.ts';

/** The command by which a person starts what is run so, on its machine. */
export function startWords(run: HostDescription): readonly string[] {
  if (run.driver === 'process') return run.command;
  if (run.driver === 'static-pods') return ['mv', heldManifest(run.manifest), run.manifest];
  if (run.driver === 'docker') return ['docker', 'start', run.container];
  return ['systemctl', 'start', runBy(run)];
}

/** What runs it: a unit, a manifest, a container. */
export function runBy(run: HostDescription): string {
  if (run.driver === 'process') return 'a process';
  if (run.driver === 'systemd') return run.unit;
  if (run.driver === 'static-pods') return run.manifest;
  if (run.driver === 'k3s-rke2')
    return run.unit ?? (run.runtime === 'k3s' ? 'k3s.service' : 'rke2-server.service');
  return `container ${run.container}`;
}

/**
 * Where the manifest of a static pod lies while the pod must not run: in a folder beside the one that the kubelet watches,
 * since it takes every file in there for a pod, whatever it is called.
 */
export function heldManifest(manifest: string): string {
  const at = manifest.lastIndexOf('/');
  return `${manifest.slice(0, at)}.holdfast${manifest.slice(at)}`;
}

/**
 * Why an etcd that is run so cannot be told that it joins a running cluster, without a full stop; undefined where it can.
 */
export function whyCannotJoin(run: HostDescription): string | undefined {
  if (run.driver === 'k3s-rke2')
    return `${run.runtime} has its etcd join by itself, and takes no word about it from outside`;
  if (run.driver === 'docker') return `the command of ${runBy(run)} cannot be changed`;
  return undefined;
}
