// deploy/kubernetes is what Kubernetes' own schemas allow, and a base that an overlay can change.
// Not here: whether the parts fit together (deployment.test.ts), their rights (hardening.test.ts).

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { describeWithPython } from '../kit/python.js';

const BASE = path.join(ROOT, 'deploy', 'kubernetes');
const { resources } = parse(readFileSync(path.join(BASE, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
/** The oldest that has native sidecars by default, and the newest whose schemas there are. */
const VERSIONS = ['1.29', '1.37'];

await describeWithPython(
  "Kubernetes' schemas",
  (python) => {
    const validated = (version: string, files: readonly string[]) =>
      python.run('import sys; from kubernetes_validate.__main__ import main; sys.exit(main())', {
        args: ['--strict', '--kubernetes-version', version, ...files],
      });
    const files = resources.map((file) => path.join(BASE, file));

    test.each(VERSIONS)('allow every resource in %s', async (version) => {
      const { code, stdout, stderr } = await validated(version, files);
      expect([code, stdout + stderr]).toEqual([0, expect.not.stringMatching(/ERROR|WARN/)]);
      expect((stdout + stderr).match(/passed/g)).toHaveLength(files.length);
    });

    test('refuse a name that is misspelt', async () => {
      const file = path.join(mkdtempSync(path.join(tmpdir(), 'pgwitness-manifest-')), 'sidecar.yaml');
      writeFileSync(file, readFileSync(files[0], 'utf8').replace('startupProbe:', 'startUpProbe:'));
      const { code, stdout, stderr } = await validated(VERSIONS[0], [file]);
      expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('startUpProbe')]);
    });
  },
  { requirements: path.join(import.meta.dirname, 'kubernetes-requirements.txt') },
);

describe('the base', () => {
  test('names resources alone: no Helm, nothing fetched', () => {
    const { kind, apiVersion, ...rest } = parse(readFileSync(path.join(BASE, 'kustomization.yaml'), 'utf8'));
    expect([kind, apiVersion, Object.keys(rest)]).toEqual([
      'Kustomization',
      'kustomize.config.k8s.io/v1beta1',
      ['resources'],
    ]);
    for (const file of resources) expect(file).toMatch(/^[a-z-]+\.yaml$/);
  });

  const kubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
  if (!kubectl) console.warn('NOT TESTED: an overlay over deploy/kubernetes, because kubectl is not installed');

  test.skipIf(!kubectl)('takes an overlay that sets namespace and images, as DEPLOY shows it', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'pgwitness-overlay-'));
    cpSync(BASE, path.join(folder, 'pgwitness', 'deploy', 'kubernetes'), { recursive: true });
    const deploy = readFileSync(path.join(ROOT, 'docs', 'DEPLOY.md'), 'utf8');
    const overlay = /^```yaml\n(# kustomization\.yaml\n.*?)^```/ms.exec(deploy)?.[1] ?? '';
    mkdirSync(path.join(folder, 'staging'));
    writeFileSync(path.join(folder, 'staging', 'kustomization.yaml'), overlay);
    const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', path.join(folder, 'staging')], {
      encoding: 'utf8',
    });
    expect([stderr, status]).toEqual(['', 0]);
    const rendered = parseAllDocuments(stdout).map((document) => document.toJS());
    expect(rendered.map(({ metadata }) => metadata.namespace)).toEqual(['staging', 'staging']);
    const { initContainers, containers } = rendered.find(({ kind }) => kind === 'Deployment').spec.template.spec;
    for (const { image } of [...initContainers, ...containers])
      expect(image).toMatch(/^registry\.example\/[a-z/-]+@sha256:[0-9a-f]{64}$/);
  });
});
