import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '@holdfast/base';
import { goOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ForeignPlace, ForeignSnapshot } from '../foreign.ts';
import { openForeignFolder } from '../place/index.ts';
import { readImage } from '../read-image.ts';
import { scanForeign } from '../scan.ts';
import { realSnapshot } from '../testing/snapshots.ts';

/**
 * Go's own archive packages, called as K3s calls them (one entry after `zip.FileInfoHeader`) and rke-tools (absolute names, times
 * of 1970); and its tars in three formats. All of them stream: sizes and checksums follow the content.
 */
const program = `
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"time"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	content, err := os.ReadFile(os.Args[1])
	must(err)
	info, err := os.Stat(os.Args[1])
	must(err)
	create := func(name string) *os.File {
		file, err := os.Create(filepath.Join(os.Args[2], name))
		must(err)
		return file
	}
	zipped := func(name string, headers ...*zip.FileHeader) {
		file := create(name)
		archive := zip.NewWriter(file)
		for _, header := range headers {
			header.Method = zip.Deflate
			entry, err := archive.CreateHeader(header)
			must(err)
			if filepath.Ext(header.Name) == ".rkestate" {
				io.WriteString(entry, "{}")
			} else {
				entry.Write(content)
			}
		}
		must(archive.Close())
		must(file.Close())
	}
	own, err := zip.FileInfoHeader(info)
	must(err)
	own.Name = "etcd-snapshot-n-1789000000"
	zipped(own.Name+".zip", own)
	epoch := time.Unix(0, 0)
	zipped("2020-10-15T14:53:26Z_etcd.zip",
		&zip.FileHeader{Name: "/backup/2020-10-15T14:53:26Z_etcd", Modified: epoch},
		&zip.FileHeader{Name: "/etc/kubernetes/2020-10-15T14:53:26Z_etcd.rkestate", Modified: epoch})
	for name, format := range map[string]tar.Format{"ustar.tar": tar.FormatUSTAR, "pax.tar.gz": tar.FormatPAX, "gnu.tgz": tar.FormatGNU} {
		file := create(name)
		var out io.Writer = file
		packed := gzip.NewWriter(file)
		if name != "ustar.tar" {
			out = packed
		}
		archive := tar.NewWriter(out)
		must(archive.WriteHeader(&tar.Header{Format: format, Name: "some/snapshot.db", Size: info.Size(), Mode: 0600, ModTime: epoch}))
		archive.Write(content)
		must(archive.Close())
		if name != "ustar.tar" {
			must(packed.Close())
		}
		must(file.Close())
	}
}
`;

const go = await goOrSkip();
const db = realSnapshot();

describe.skipIf(go.skip)("what Go's archive packages write", () => {
  let folder: string;
  let place: ForeignPlace;
  let found: readonly ForeignSnapshot[];
  beforeAll(async () => {
    if (go.skip) return;
    folder = mkdtempSync(join(tmpdir(), 'holdfast-go-'));
    const at = (name: string): string => join(folder, name);
    mkdirSync(at('out'));
    writeFileSync(at('db'), db);
    writeFileSync(at('main.go'), program);
    const { go: binary, env } = go.toolchain;
    execFileSync(binary, ['run', at('main.go'), at('db'), at('out')], { env: { ...process.env, ...env } });
    place = await openForeignFolder(at('out'));
    const signal = new AbortController().signal;
    ({ snapshots: found } = await scanForeign(place, { signal, clock: systemClock }));
  });
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    [
      'etcd-snapshot-n-1789000000.zip',
      { system: 'k3s', form: 'zip', entry: 'etcd-snapshot-n-1789000000', node: 'n' },
    ],
    [
      '2020-10-15T14:53:26Z_etcd.zip',
      {
        ...{ system: 'rke', form: 'zip', entry: '/backup/2020-10-15T14:53:26Z_etcd' },
        companions: [
          { what: 'cluster-state', path: '/etc/kubernetes/2020-10-15T14:53:26Z_etcd.rkestate', within: true },
        ],
      },
    ],
    ['ustar.tar', { form: 'tar', entry: 'some/snapshot.db' }],
    ['pax.tar.gz', { form: 'tar.gz', entry: 'some/snapshot.db' }],
    ['gnu.tgz', { form: 'tar.gz', entry: 'some/snapshot.db' }],
  ])('%s is recognised, and its database read', async (path, expected) => {
    const snapshot = found.find((each) => each.path === path);
    expect(snapshot).toMatchObject({ ...expected, restorable: true });
    expect((await buffer(Readable.from(readImage(place, snapshot!)))).equals(db)).toBe(true);
  });
});
