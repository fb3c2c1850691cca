import { Failure } from '@holdfast/base';
import type { FleetNode } from '@holdfast/model/fleet';
import type { Fleet } from './connection.ts';

/** The nodes of a cluster that are named so, by name or id, in this order. @throws Failure node-unknown, usage where two have the name */
export async function nodesNamed(
  { client }: Fleet,
  cluster: string,
  words: readonly string[],
): Promise<FleetNode[]> {
  const nodes = await Array.fromAsync(client.pages('listNodes', { params: { cluster } }));
  return words.map((word) => {
    const [found, another] = nodes.filter(({ id, name }) => id === word || name === word);
    if (found === undefined)
      throw new Failure('node-unknown', `it has ${nodes.map(({ name }) => name).join(', ') || 'none'}`, {
        node: word,
      });
    if (another !== undefined)
      throw new Failure('usage', `two nodes are called ${word}: name one by its id, as ${found.id}`);
    return found;
  });
}
