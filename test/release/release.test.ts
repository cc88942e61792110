// The files of a release: complete, without development files, listed, checked against damage.
// Not here: installing the package, which compiles for minutes (`npm run release` does it).

import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { packContext, packPackage, writeSums } from '../../scripts/lib/release/artefacts.mjs';
import { pinned } from '../../scripts/lib/release/base-image.mjs';
import { checkContext, checkSums } from '../../scripts/lib/release/checks.mjs';
import { runtimePackages } from '../../scripts/lib/release/runtime.mjs';
import { sbom } from '../../scripts/lib/release/sbom.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';

const temporary = () => mkdtempSync(path.join(tmpdir(), 'pgwitness-release-test-'));
const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };

beforeAll(() => build(() => {}));

test('the package holds what runs and what people read, and nothing of developers', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const files = (JSON.parse(stdout)[0].files as Array<{ path: string }>).map((file) => file.path);
  expect(files).toEqual(
    expect.arrayContaining([
      'dist/cli/main.js',
      'dist/dashboards/web/app.js',
      'README.md',
      'docs/DEPLOY.md',
      'clients/python/pgwitness/audit/__main__.py',
      'LICENSE',
    ]),
  );
  expect(files.filter((file) => /\.(d\.ts|map|tsx?)$|^(test|scripts|bench|examples)\/|\.built$/.test(file))).toEqual(
    [],
  );
});

test('the package installs what it needs to run, and no Postgres', async () => {
  const folder = temporary();
  const file = path.join(folder, await packPackage(folder));
  const { stdout } = spawnSync('tar', ['-xzOf', file, 'package/package.json'], { encoding: 'utf8' });
  const ours = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const { name, bin, engines, dependencies, ...rest } = JSON.parse(stdout);
  expect({ name, bin, engines, dependencies }).toEqual({
    name: ours.name,
    bin: ours.bin,
    engines: ours.engines,
    dependencies: ours.dependencies,
  });
  expect(rest).not.toHaveProperty('optionalDependencies');
  expect(stdout).not.toContain('postgres/');
}, 60_000);

test('the newest part of the changelog is of the version', () => {
  expect(/^## (\S+)/m.exec(readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8'))?.[1]).toBe(version);
});

describe('the SBOM', () => {
  test('has what CycloneDX requires, and every component its version, its origin and its checksum', async () => {
    const made = await sbom();
    expect(made).toMatchObject({ bomFormat: 'CycloneDX', specVersion: expect.stringMatching(/^1\.\d$/), version: 1 });
    expect(made.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(made.metadata.component).toMatchObject({ type: 'application', name: 'pgwitness', version });
    const refs = made.components.map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    for (const component of made.components) {
      expect(component).toMatchObject({ type: 'library', name: expect.any(String), version: expect.any(String) });
      expect(component.licenses, component.name).not.toEqual([]);
      if (component.name === 'sqlite') expect(component.cpe).toContain(component.version);
      else {
        expect(component.purl).toMatch(/^pkg:npm\//);
        expect(component.hashes?.[0].content, component.name).toMatch(/^[0-9a-f]{128}$/);
      }
    }
  }, 60_000);

  test('names every dependency, what is bundled, and SQLite; no tool of developers', async () => {
    const names = (await sbom()).components.map((component) => component.name);
    const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    expect(names).toEqual(
      expect.arrayContaining([...Object.keys(dependencies), 'preact', 'uplot', '@modelcontextprotocol/sdk', 'sqlite']),
    );
    const running = [...runtimePackages(ROOT)].map((place) => place.split('node_modules/').at(-1));
    expect(names).toEqual(expect.arrayContaining(running));
    for (const tool of ['vitest', 'typescript', 'esbuild', '@biomejs/biome']) expect(names).not.toContain(tool);
  }, 60_000);
});

describe("the image's context", () => {
  test('has what its Dockerfile copies, and names the base that it is given', async () => {
    const folder = temporary();
    const base = `node:22-bookworm-slim@sha256:${'0'.repeat(64)}`;
    const file = path.join(folder, await packContext(folder, { name: 'x', base }));
    expect(await checkContext(file)).toEqual(
      expect.arrayContaining(['Dockerfile', 'cli', 'proxy', 'package-lock.json']),
    );
    const { stdout } = spawnSync('tar', ['-xzOf', file, './Dockerfile'], { encoding: 'utf8' });
    expect(stdout).toContain(`\nARG BASE=${base}\n`);
    expect(spawnSync('tar', ['-tzf', file], { encoding: 'utf8' }).stdout).not.toMatch(/secrets|node_modules|\.git\//);
  }, 60_000);

  test('is refused without one of the files', async () => {
    const folder = temporary();
    writeFileSync(path.join(folder, 'Dockerfile'), 'FROM x\nCOPY cli cli\n');
    spawnSync('tar', ['-czf', 'c.tar.gz', 'Dockerfile'], { cwd: folder });
    await expect(checkContext(path.join(folder, 'c.tar.gz'))).rejects.toThrow('the context lacks cli');
  });

  test('has no digest that no registry told', () => {
    expect(pinned('127.0.0.1:9/nothing:1')).toEqual({ reason: expect.stringMatching(/./) });
  }, 90_000);
});

test('the checksums tell a file that was changed, and one that is missing', async () => {
  const folder = temporary();
  for (const name of ['a', 'b']) writeFileSync(path.join(folder, name), name);
  writeSums(folder, ['b', 'a']);
  await checkSums(folder);
  appendFileSync(path.join(folder, 'a'), '!');
  await expect(checkSums(folder)).rejects.toThrow('exit code 1');
  writeFileSync(path.join(folder, 'a'), 'a');
  rmSync(path.join(folder, 'b'));
  await expect(checkSums(folder)).rejects.toThrow('exit code 1');
});
