import type { FailureEntry } from './failure-table.ts';

/** The rows of the failure table about agents of a fleet and what they do for the server. */
export const fleetFailures = {
  'server-unreachable': {
    exit: 13,
    what: 'the server {server} does not answer',
    next: 'Look whether it runs and whether this machine reaches it.',
  },
  'server-untrusted': {
    exit: 12,
    what: 'the certificate of the server {server} cannot be trusted',
    next: 'Give its CA with --server-ca, or with --server-ca-sha256 the SHA-256 that the join command and the log of the server name.',
  },
  'join-refused': {
    exit: 12,
    what: 'the server does not let this agent join',
    next: 'Make a new join token: each is for one cluster and for a short time.',
  },
  'node-connected': {
    exit: 14,
    what: 'a node {node} of this cluster is connected already',
    next: 'Wait a minute and join again if it was this machine; otherwise let this one join under another name.',
  },
  'agent-unjoined': {
    exit: 2,
    what: 'this agent has not joined a cluster yet',
    next: 'Start it once with --server and --token-file.',
  },
  'agent-expelled': {
    exit: 12,
    what: 'the server does not know this node any more',
    next: 'It was removed there, or its database was lost: join again with a new token.',
  },
  'order-invalid': {
    exit: 2,
    what: 'the order of the server is not valid',
    next: 'Agent and server may be of versions that are too far apart: upgrade the older one.',
  },
  'node-silent': {
    exit: 13,
    what: 'the node {node} has not answered in time',
    next: 'Look whether its agent runs and reaches the server; what it was told is done again without harm.',
  },
  'call-refused': {
    exit: 14,
    what: 'the server does not pass this on to the node {node}',
    next: 'Only the node that leads a restore reaches the other nodes of its plan, while its order is open.',
  },
  'peer-failed': {
    exit: 1,
    what: 'the snapshot could not be had from the node {node}',
    next: 'Look whether this node reaches that one; what has arrived is kept and gone on with.',
  },
  'node-part-not-ready': {
    exit: 1,
    what: '{part} on the node has not come back',
    next: 'Look at its log there (`journalctl -u`, `docker logs`) and mend it; the nodes after it were not touched. Then `holdfast cluster restart-nodes`.',
  },
  'order-lost': {
    exit: 1,
    what: 'the agent does not know this order any more',
    next: 'Its state folder was lost or replaced. Look at the node, then ask for it again.',
  },
  'order-cancelled': {
    exit: 130,
    what: 'it was given up before it was done',
    next: 'Nothing unfinished was left; ask for it again.',
  },
} as const satisfies Record<string, FailureEntry>;
