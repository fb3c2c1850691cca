import { join } from 'node:path';
import type { Ceph } from './obtain-ceph.ts';

/** Ports of a Ceph for one test. */
export interface CephPorts {
  readonly mon: number;
  readonly https: number;
  readonly http: number;
}

/**
 * The configuration of one mon, one osd in memory and one gateway, in one folder and on 127.0.0.1. Two settings took time to
 * find: without those on `crush` and `class`, the osd changes the map that it was given, which takes a `ceph` command; and
 * those on `gc` free what was deleted within seconds instead of two hours. The osd takes its own ports, from a
 * range that nobody else here takes from.
 */
export function cephConfig(ceph: Ceph, folder: string, fsid: string, ports: CephPorts): string {
  const sections: Record<string, Record<string, string | number | boolean>> = {
    global: {
      fsid,
      'mon host': `v1:127.0.0.1:${ports.mon}`,
      'public addr': '127.0.0.1',
      'cluster addr': '127.0.0.1',
      'ms bind msgr2': false,
      'ms bind port min': 32_000,
      'ms bind port max': 32_767,
      'auth cluster required': 'none',
      'auth service required': 'none',
      'auth client required': 'none',
      'plugin dir': join(ceph.libraries, 'ceph'),
      'erasure code dir': join(ceph.libraries, 'ceph', 'erasure-code'),
      'osd class dir': join(ceph.libraries, 'rados-classes'),
      'run dir': folder,
      'crash dir': join(folder, 'crash'),
      'log file': join(folder, '$name.log'),
      'mon cluster log file': join(folder, 'cluster.log'),
      'admin socket': '',
      'pid file': '',
      'mon data': join(folder, 'mon'),
      'osd data': join(folder, 'osd'),
      'mon allow pool size one': true,
      'mon max pg per osd': 1000,
      'osd pool default size': 1,
      'osd pool default min size': 1,
      'osd pool default pg num': 1,
      'osd pool default pgp num': 1,
      'osd pool default pg autoscale mode': 'off',
      'osd objectstore': 'memstore',
      'memstore device bytes': 8 * 2 ** 30,
      'osd class update on start': false,
      'osd crush update on start': false,
      'osd crush chooseleaf type': 0,
      'paxos propose interval': 0.05,
    },
    'client.rgw': {
      'rgw data': join(folder, 'rgw'),
      keyring: '/dev/null',
      'rgw frontends': `beast endpoint=127.0.0.1:${ports.http} ssl_endpoint=127.0.0.1:${ports.https} ssl_certificate=${certificateFile(folder)}`,
      'rgw dns name': 'localhost',
      'rgw gc obj min wait': 1,
      'rgw gc processor period': 5,
    },
  };
  return Object.entries(sections)
    .map(([name, settings]) => [
      `[${name}]`,
      ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`),
    ])
    .map((lines) => `${lines.join('\n')}\n`)
    .join('');
}

/** Where the gateway reads its key and certificate, one after the other. */
export function certificateFile(folder: string): string {
  return join(folder, 'gateway.pem');
}
