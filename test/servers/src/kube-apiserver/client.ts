import { request } from 'node:https';
import type { KubeApiserverPlan } from './plan.ts';

/** What these tests need of a ConfigMap. */
export interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly uid: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** What went wrong, as Kubernetes says it. */
interface KubeStatus {
  readonly kind: 'Status';
  /** As 410. */
  readonly code: number;
  /** As `Expired`. */
  readonly reason: string;
  readonly message: string;
}

/** One kube-apiserver, seen by who may do everything. ConfigMaps are those of the namespace `default`. */
export interface KubeClient {
  /** Whether it is ready and has made its namespaces. */
  isReady(): Promise<boolean>;
  createConfigMap(name: string, data: Readonly<Record<string, string>>): Promise<ConfigMap>;
  /** Throws where there is none. */
  getConfigMap(name: string): Promise<ConfigMap>;
  deleteConfigMap(name: string): Promise<void>;
  /** `cached`: whatever its watch cache holds; else what etcd holds. */
  listConfigMaps(how?: 'cached'): Promise<{ readonly resourceVersion: string; readonly items: ConfigMap[] }>;
  /** What a watch from a resourceVersion is told first: a change, or why it cannot be. */
  firstOfWatch(
    resourceVersion: string,
  ): Promise<{ readonly type: string; readonly object: ConfigMap | KubeStatus }>;
}

const configMaps = '/api/v1/namespaces/default/configmaps';

/** Opens nothing: every call is a connection of its own. */
export function kubeClient(plan: Pick<KubeApiserverPlan, 'url' | 'token' | 'ca'>): KubeClient {
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const { status, text } = await send(plan, method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    async isReady() {
      try {
        const answers = [
          await send(plan, 'GET', '/readyz'),
          await send(plan, 'GET', '/api/v1/namespaces/default'),
        ];
        return answers.every(({ status }) => status === 200);
      } catch {
        return false;
      }
    },
    createConfigMap: (name, data) => call('POST', configMaps, { metadata: { name }, data }),
    getConfigMap: (name) => call('GET', `${configMaps}/${name}`),
    async deleteConfigMap(name) {
      await call('DELETE', `${configMaps}/${name}`);
    },
    async listConfigMaps(how) {
      const path = how === 'cached' ? `${configMaps}?resourceVersion=0` : configMaps;
      const { metadata, items } = await call<{ metadata: { resourceVersion: string }; items: ConfigMap[] }>(
        'GET',
        path,
      );
      return { resourceVersion: metadata.resourceVersion, items };
    },
    async firstOfWatch(resourceVersion) {
      const path = `${configMaps}?watch=1&timeoutSeconds=10&resourceVersion=${resourceVersion}`;
      const { status, text } = await send(plan, 'GET', path, undefined, { oneLine: true });
      if (text === '') throw new Error(`a watch from ${resourceVersion} was told nothing`);
      // A watch that cannot begin is refused; one that finds out later says so as an event.
      const said = JSON.parse(text) as { type: string; object: ConfigMap };
      return status === 200 ? said : { type: 'ERROR', object: JSON.parse(text) as KubeStatus };
    },
  };
}

async function send(
  { url, token, ca }: Pick<KubeApiserverPlan, 'url' | 'token' | 'ca'>,
  method: string,
  path: string,
  body?: object,
  { oneLine = false, timeoutMs = 20_000 } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, url),
      {
        method,
        ca,
        agent: false,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        let text = '';
        const end = (): void => {
          resolve({ status: response.statusCode ?? 0, text });
          sent.destroy();
        };
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (oneLine && text.includes('\n')) end();
        });
        response.on('error', reject);
        response.on('end', end);
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
