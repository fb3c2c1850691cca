import { Failure } from '@holdfast/base';
import type { ToldAlert } from '@holdfast/engine';
import type { Receiver, ReceiverSecret, ReceiverSpec } from '@holdfast/model/fleet';
import { receiverSecret, sealReceiver } from '../../alerts/receiver-secret.ts';
import { tell } from '../../alerts/tell.ts';
import type { ServerContext } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { StoredReceiver } from '../../store/alerts.ts';
import type { Handlers } from '../handler.ts';
import { pageFrom } from '../paging.ts';
import { RequestRefused } from '../problem.ts';

/** The routes of who is told of alerts. */
export function receiverHandlers({
  context,
}: {
  readonly context: ServerContext;
}): Handlers<'listReceivers' | 'createReceiver' | 'testReceiver' | 'deleteReceiver'> {
  const { store, sealer, random, clock, holdfast } = context;
  return {
    listReceivers: async ({ query }) => {
      const { items, next } = pageFrom(await store.receivers.all(), ({ id }) => id, query);
      return { items: items.map(shown), next };
    },
    createReceiver: async ({ body: { spec, secret }, note }) => {
      checkSecret(spec, secret);
      const id = newId('r', random);
      note({ receiver: id, kind: spec.kind, name: spec.name });
      return shown(await store.receivers.create({ id, spec, sealed: sealReceiver(sealer, id, secret) }));
    },
    testReceiver: async ({ params: { receiver }, signal }) => {
      const stored = await store.receivers.get(receiver);
      if (stored === undefined) throw unknown(receiver);
      const at = clock.now().toISOString();
      const secret = receiverSecret(sealer, stored);
      const refused = await tell(stored.spec, secret, [testAlert(at)], { holdfast, signal });
      const told = { at, ok: refused === undefined, why: refused ?? '' };
      await store.receivers.setTold(receiver, told);
      return told;
    },
    deleteReceiver: async ({ params: { receiver } }) => {
      if (!(await store.receivers.remove(receiver))) throw unknown(receiver);
      return undefined;
    },
  };
}

function shown({ id, spec, sealed, lastTold }: StoredReceiver): Receiver {
  return { id, spec, hasSecret: sealed !== null, lastTold };
}

function refused(field: 'url' | 'password', detail: string): RequestRefused {
  return new RequestRefused([{ pointer: `/body/secret/${field}`, detail }]);
}

/** A mail server may want a password; everybody else is an address of http or https. */
function checkSecret(spec: ReceiverSpec, { url, password }: ReceiverSecret): void {
  if (spec.kind === 'email') {
    if (url !== undefined) throw refused('url', 'a mail server has none: host and port are in spec');
    if (spec.user === undefined && password !== undefined)
      throw refused('password', 'it belongs to a user, and spec names none');
    return;
  }
  if (password !== undefined) throw refused('password', 'only a mail server has one');
  if (url === undefined) throw refused('url', 'the address that is told is needed');
  if (!/^https?:$/.test(new URL(url).protocol)) throw refused('url', 'it begins with https:// or http://');
}

function testAlert(at: string): ToldAlert {
  return {
    status: 'firing',
    labels: { alertname: 'test', severity: 'warning' },
    where: 'holdfast',
    sentence: 'This is a test of the receiver; nothing is wrong.',
    cause: '',
    remedy: 'Nothing has to be done.',
    since: at,
    endedAt: null,
    fingerprint: 'test',
    id: `test-${at}`,
  };
}

function unknown(receiver: string): Failure {
  return new Failure('receiver-unknown', 'none of this id was added', { receiver });
}
