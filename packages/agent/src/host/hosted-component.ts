import type { ComponentDescription } from '@holdfast/model';
import { componentProcesses } from './component-processes.ts';
import type { Hosted, Work } from './hosted.ts';
import { ownUrls } from './listeners.ts';
import { askReady } from './readiness.ts';

/** A part of the control plane: it is known by its command; an API server does its work when it says that it is ready. */
export function hostedComponent({ name, component, urls, run }: ComponentDescription): Hosted {
  return {
    name,
    program: component,
    mark: `the command of ${name}`,
    urls,
    codes: { notStopped: 'component-not-stopped', notStarted: 'component-not-started' },
    processes: () => componentProcesses(component, run),
    // Its description tells by a word before the program where it is not who starts it.
    owner: async () => undefined,
    holders: async () => [],
    works: async (_, signal) =>
      component === 'kube-apiserver'
        ? allReady(urls, signal)
        : { evidence: 'it has survived its first moments' },
  };
}

async function allReady(urls: readonly string[], signal: AbortSignal): Promise<Work> {
  const own = await ownUrls(urls);
  const said: string[] = [];
  for (const url of own.length > 0 ? own : urls) {
    const work = await askReady(url, signal);
    if ('lacks' in work) return work;
    said.push(work.evidence);
  }
  return { evidence: said.join(', ') };
}
