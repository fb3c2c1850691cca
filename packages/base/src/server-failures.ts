import type { FailureEntry } from './failure-table.ts';

/** The rows of the failure table about the server: its store, who may do what, and what is asked of it. */
export const serverFailures = {
  'store-unreachable': {
    exit: 1,
    what: 'the database of the server does not answer',
    next: 'Look whether it runs and lets this server in. Agents go on with their schedules meanwhile.',
  },
  'store-newer': {
    exit: 78,
    what: 'the database was made by a newer Holdfast',
    next: 'Start the newer version again, or restore the database of before the upgrade.',
  },
  'store-full': {
    exit: 1,
    what: 'the database of the server has no space left',
    next: 'Make room on its disk. Nothing was changed.',
  },
  'secret-unreadable': {
    exit: 12,
    what: 'what the database holds of {of} cannot be opened with this key',
    next: 'Give the server the key that the database was made with (`secrets.key` of its data folder), or enter the secret anew.',
  },
  'secrets-key-invalid': {
    exit: 78,
    what: 'the key of the server’s secrets in {path} is not valid',
    next: 'It is a file of 32 random bytes that only its owner may read. Put back the one that the database was made with.',
  },
  'authority-ended': {
    exit: 78,
    what: 'the CA of the fleet is too near its end to sign anything',
    next: 'The fleet needs a new CA: begin a new database, take people over, and let the agents join again.',
  },
  'certificate-files-invalid': {
    exit: 78,
    what: 'certificate and key of the server in {path} do not fit',
    next: 'Give a certificate with its chain (--tls-cert) and its key (--tls-key), both in PEM.',
  },
  'csr-invalid': {
    exit: 2,
    what: 'the certificate request of the agent is not valid',
    next: 'Start the agent anew: it makes its key and its request itself.',
  },
  'password-wrong': {
    exit: 2,
    what: 'this is not the present password',
    next: 'Nothing was changed. An admin can set a new one: `holdfast user set NAME --password`.',
  },
  'import-invalid': {
    exit: 2,
    what: 'this is not what a server has exported of its people',
    next: 'Give what `holdfast user export` has written as it is. Nothing was taken over.',
  },
  'not-authenticated': {
    exit: 2,
    what: 'the server does not know who asks',
    next: 'Send a token that is valid: `Authorization: Bearer TOKEN`.',
  },
  'not-allowed': {
    exit: 2,
    what: 'this is not allowed to the caller',
    next: 'Ask an admin for a role with `{permission}` there.',
  },
  'too-many-requests': {
    exit: 1,
    what: 'too many requests',
    next: 'Wait as long as `Retry-After` says.',
  },
  'request-invalid': {
    exit: 2,
    what: 'the request is not valid',
    next: 'Correct what `errors` names; the API is described under /v1/openapi.json.',
  },
  'route-unknown': {
    exit: 2,
    what: 'there is nothing at {path}',
    next: 'The API is described under /v1/openapi.json.',
  },
  'method-unknown': {
    exit: 2,
    what: '{path} does not know {method}',
    next: '`Allow` names the methods that it knows.',
  },
  'media-type-unknown': {
    exit: 2,
    what: 'the server takes JSON only',
    next: 'Send the body as JSON, with `Content-Type: application/json`.',
  },
  'body-too-large': {
    exit: 2,
    what: 'the body of the request is too large',
    next: 'A body has 1 MiB at most.',
  },
  'version-required': {
    exit: 2,
    what: 'the request does not say which version it changes',
    next: 'Read it first, and send its `ETag` as `If-Match`. Nothing was changed.',
  },
  'request-under-way': {
    exit: 11,
    what: 'the first request with this Idempotency-Key is still at work',
    next: 'Ask again with the same key after a while.',
  },
  'request-broken-off': {
    exit: 1,
    what: 'the server ended while it was at work on the first request with this Idempotency-Key',
    next: 'Look whether it was done; where it was not, ask again with a new key. With this one nothing is done twice.',
  },
  'server-stopping': {
    exit: 13,
    what: 'the server is being stopped',
    next: 'Ask again in a few seconds.',
  },
  'version-conflict': {
    exit: 11,
    what: 'somebody has changed it in the meantime',
    next: 'Read it again and make the change to what it is now. Nothing was changed.',
  },
  'key-reused': {
    exit: 2,
    what: 'this Idempotency-Key was used for another request',
    next: 'Make a new key for each thing that is to be done. Nothing was done.',
  },
  'name-taken': {
    exit: 14,
    what: 'the name {name} is taken',
    next: 'Choose another one.',
  },
  'cluster-unknown': {
    exit: 1,
    what: 'the server knows no cluster {cluster}',
    next: '`holdfast cluster list` shows which there are, and their ids.',
  },
  'node-unknown': {
    exit: 1,
    what: 'the server knows no node {node}',
    next: '`holdfast cluster show` lists the nodes of a cluster.',
  },
  'repository-unknown': {
    exit: 1,
    what: 'the server knows no repository {repository}',
    next: 'Add it first: `holdfast repo add`. GET /v1/repositories lists those that are known.',
  },
  'policy-unknown': {
    exit: 1,
    what: 'the cluster has no policy {policy}',
    next: '`holdfast policy show` lists its policies.',
  },
  'snapshot-unknown': {
    exit: 1,
    what: 'the server knows no snapshot {snapshot} of this cluster',
    next: '`holdfast snapshot list` shows those that are known; POST /v1/clusters/:cluster/rescan has the server look again.',
  },
  'operation-unknown': {
    exit: 1,
    what: 'there is no operation {operation}',
    next: '`holdfast operation list` shows them.',
  },
  'user-unknown': {
    exit: 1,
    what: 'there is no user {user}',
    next: '`holdfast user list` shows who there is.',
  },
  'token-unknown': {
    exit: 1,
    what: 'there is no token {token}',
    next: 'Nothing has to be ended; `holdfast token list` shows yours.',
  },
  'receiver-unknown': {
    exit: 1,
    what: 'there is no receiver {receiver}',
    next: 'GET /v1/receivers lists them.',
  },
  'in-use': {
    exit: 14,
    what: '{name} is in use',
    next: 'Change first what uses it. Nothing was changed.',
  },
  'last-admin': {
    exit: 14,
    what: 'this would leave nobody who may administer the server',
    next: 'Make somebody else an admin first. Nothing was changed.',
  },
  'no-repository': {
    exit: 14,
    what: 'there is no repository to save to',
    next: 'Name one, or set those of the cluster.',
  },
  'no-node': {
    exit: 13,
    what: 'no node of the cluster can do this now',
    next: 'Look at its nodes: their agents have to run and reach the server.',
  },
  'nothing-to-restart': {
    exit: 14,
    what: 'no node of the cluster tells of anything that runs Kubernetes',
    next: 'Nothing was done. Machines without an agent are restarted by hand: `systemctl restart kubelet`.',
  },
  'cluster-busy': {
    exit: 11,
    what: 'another operation holds the cluster: {holder}',
    next: 'Wait for its end, or resume or abort it: {holder}.',
  },
  'plan-unusable': {
    exit: 14,
    what: 'the plan {plan} cannot be carried out',
    next: 'Make a new plan and read it. Nothing was touched.',
  },
  'confirm-wrong': {
    exit: 20,
    what: 'the name that confirms it is not that of the cluster',
    next: 'Write the name of the cluster, {name}, exactly. Nothing was touched.',
  },
  'operation-state': {
    exit: 14,
    what: 'the operation {operation} does not stand so that this can be done',
    next: '`holdfast operation show {operation}` tells how it stands.',
  },
  'approval-refused': {
    exit: 14,
    what: 'this approval does not count',
    next: 'Another person has to give it: not who asked, and nobody twice.',
  },
  'server-failed': {
    exit: 1,
    what: 'the server has failed at this',
    next: 'Its log has the reason under the same request id. It can be tried again.',
  },
} as const satisfies Record<string, FailureEntry>;
