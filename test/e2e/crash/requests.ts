import type { FaultRule, FaultProxy } from '@holdfast/test-servers';

/** A request that a command makes, and how it dies there. */
export interface RequestDeath {
  /** Method and what it is about. */
  readonly of: string;
  /** `before` the server sees it, in the `middle` of its body, or `after` the server has done it. */
  readonly how: 'before' | 'middle' | 'after';
  readonly rule: FaultRule;
}

interface Kind {
  readonly of: string;
  readonly method: string;
  readonly target: RegExp;
}

/** Each request that writes to a bucket. */
const writing: readonly Kind[] = [
  { of: 'begin an upload', method: 'POST', target: /snapshot\.db[^?]*\?uploads=/ },
  { of: 'send a part', method: 'PUT', target: /snapshot\.db.*partNumber=/ },
  { of: 'end an upload', method: 'POST', target: /snapshot\.db.*\?uploadId=/ },
  { of: 'put a claim', method: 'PUT', target: /\/claim-\d+\.json/ },
  { of: 'put a lease entry', method: 'PUT', target: /\/lease\// },
  { of: 'put a manifest', method: 'PUT', target: /\/manifest-/ },
  { of: 'put evidence', method: 'PUT', target: /\/evidence\// },
  { of: 'delete a claim', method: 'DELETE', target: /\/claim-\d+\.json/ },
  { of: 'try what the server refuses', method: 'PUT', target: /\.holdfast\/conditions/ },
];

const reading: readonly Kind[] = [
  { of: 'list', method: 'GET', target: /list-type=2/ },
  { of: 'read', method: 'GET', target: /x-id=GetObject/ },
  { of: 'look at', method: 'HEAD', target: /./ },
];

const faults = {
  before: { kind: 'answer', status: 503, code: 'SlowDown' },
  middle: { kind: 'cut-request', afterBytes: 200 },
  after: { kind: 'lost-answer' },
} as const;

/** Every point at which a process can die on the way of these requests. */
export function requestDeaths(requests: FaultProxy['requests']): RequestDeath[] {
  return [...writing, ...reading].flatMap(({ of, method, target }) => {
    const count = requests.filter((each) => each.method === method && target.test(each.target)).length;
    const hows = method === 'PUT' ? (['before', 'middle', 'after'] as const) : (['before', 'after'] as const);
    return Array.from({ length: count }, (_, i) =>
      hows.map((how) => ({ of, how, rule: { method, target, nth: i + 1, fault: faults[how] } })),
    ).flat();
  });
}
