import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isMap, isScalar, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml';
import { z } from 'zod';
import type { Mount } from './mounts.ts';
import { configFileOf } from './etcd-settings.ts';
import { besideFile, joinFlags, type Join } from './join-flags.ts';
import { programAt } from './processes.ts';

/** Of a pod (Kubernetes, core/v1) what matters here. */
const Pod = z.object({
  kind: z.literal('Pod'),
  metadata: z.object({ name: z.string(), namespace: z.string().default('default') }),
  spec: z.object({
    containers: z
      .array(
        z.object({
          name: z.string(),
          image: z.string().default(''),
          command: z.array(z.coerce.string()).default([]),
          args: z.array(z.coerce.string()).default([]),
          volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
        }),
      )
      .min(1),
    volumes: z
      .array(z.object({ name: z.string(), hostPath: z.object({ path: z.string() }).optional() }))
      .default([]),
  }),
});

/** A static pod, and the container of it that runs the program that is meant. */
export interface PodManifest {
  readonly name: string;
  readonly namespace: string;
  readonly container: string;
  readonly image: string;
  /** Its command and arguments. */
  readonly words: readonly string[];
  /** Folders of the machine that the container sees. */
  readonly mounts: readonly Mount[];
}

/**
 * Reads a manifest, YAML or JSON.
 *
 * @param program what its container runs, as `etcd`
 * @throws Error that says what is wrong, without a full stop; the file system's own when it cannot be read
 */
export async function readPodManifest(path: string, program: string): Promise<PodManifest> {
  return parsePod(await readFile(path, 'utf8'), path, program).pod;
}

interface Parsed {
  readonly document: Document;
  readonly pod: PodManifest;
  /** Of its container among all. */
  readonly at: number;
}

function parsePod(text: string, path: string, program: string): Parsed {
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) throw new Error(`${path} is no YAML: ${broken.message.split('\n')[0]}`);
  const read = Pod.safeParse(document.toJS());
  if (!read.success) throw new Error(`${path} is not the manifest of a pod`);
  const { metadata, spec } = read.data;
  const wordsOf = (one: (typeof spec.containers)[number]): string[] => [...one.command, ...one.args];
  const byWord = spec.containers.findIndex((one) => programAt(wordsOf(one), program) >= 0);
  const at = byWord >= 0 ? byWord : spec.containers.findIndex(({ name }) => name === program);
  const container = spec.containers[at];
  if (container === undefined) throw new Error(`no container of the pod in ${path} runs ${program}`);
  const paths = new Map(spec.volumes.map(({ name, hostPath }) => [name, hostPath?.path]));
  const mounts = container.volumeMounts.flatMap(({ name, mountPath }): Mount[] => {
    const outside = paths.get(name);
    return outside === undefined ? [] : [{ inside: mountPath, outside }];
  });
  const { name, image } = container;
  return { document, at, pod: { ...metadata, container: name, image, words: wordsOf(container), mounts } };
}

/** The image of a manifest's container, and the text with another one; everything else stays byte for byte. */
export interface ImageOfManifest {
  readonly image: string;
  readonly withImage: (image: string) => string;
}

/** @throws Error that says what is wrong, without a full stop */
export function imageOfManifest(text: string, path: string, program: string): ImageOfManifest {
  const { document, at } = parsePod(text, path, program);
  const node = document.getIn(['spec', 'containers', at, 'image'], true);
  if (!isScalar(node) || typeof node.value !== 'string' || !Array.isArray(node.range))
    throw new Error(`${path} names no image`);
  const [start, end] = node.range;
  return {
    image: node.value,
    withImage: (image) =>
      `${text.slice(0, start)}${text.slice(start, end).replace(String(node.value), image)}${text.slice(end)}`,
  };
}

/**
 * The text of a manifest whose etcd joins a cluster that runs. Everything else stays as it is, comments too.
 *
 * @throws Error that says why that would not reach etcd, without a full stop
 */
export function joiningManifest(text: string, path: string, join: Join): string {
  const { document, at, pod } = parsePod(text, path, 'etcd');
  const [first = ''] = pod.words;
  if (basename(first) !== 'etcd')
    throw new Error(
      `the pod in ${path} does not start etcd by itself, so that flags cannot be added from outside`,
    );
  const file = configFileOf(pod.words.slice(1), {});
  if (file !== undefined) throw new Error(besideFile(file));
  const field = (name: string): YAMLSeq | undefined => {
    const found = document.getIn(['spec', 'containers', at, name], true);
    return isSeq(found) ? found : undefined;
  };
  const [command, args, env] = [field('command'), field('args'), field('env')];
  for (const list of [command, args]) if (list !== undefined) dropFlags(list);
  if (env !== undefined) env.items = env.items.filter((item) => !isJoinVariable(item));
  const last = args ?? command;
  for (const flag of joinFlags(join)) last?.items.push(document.createNode(flag));
  // Lists as they were: kubeadm does not indent them.
  const indentSeq = !/^( *)containers:[^\n]*\n\1- /m.test(text);
  return document.toString({ lineWidth: 0, indentSeq });
}

function dropFlags(list: YAMLSeq): void {
  const words = list.items.map((item) => (isScalar(item) ? String(item.value) : ''));
  const isValue = (i: number): boolean => isFlag(words[i - 1]) && !words[i - 1]!.includes('=');
  list.items = list.items.filter((_, i) => !isFlag(words[i]) && !isValue(i));
}

function isFlag(word = ''): boolean {
  return /^--?initial-cluster(?:-state)?(?:=|$)/.test(word);
}

function isJoinVariable(item: unknown): boolean {
  return isMap(item) && /^ETCD_INITIAL_CLUSTER(?:_STATE)?$/.test(String(item.get('name')));
}
