import { globSync, readFileSync } from 'node:fs'

export interface ShellBlock {
  page: string
  /** Its place among the blocks of the page, from 1. */
  number: number
  script: string
}

/** A block that test/docs/shell-blocks.ts does not run. */
export interface Elsewhere {
  page: string
  /** How the block begins. */
  begins: string
  /** The file that runs it, or does the same. Undefined: nothing does. */
  by: string | undefined
  why: string
}

/** The pages whose blocks are commands for readers. CONTRIBUTING.md lists targets of make, which CI runs. */
export const PAGES = ['README.md', 'cli/README.md', 'examples/README.md', ...globSync('docs/**/*.md').sort()]

export const ELSEWHERE: Elsewhere[] = [
  { page: 'README.md', begins: 'make demo', by: '.ci/run', why: 'it is this test run' },
  { page: 'README.md', begins: 'make run', by: 'test/knative/local/main.ts', why: 'it starts a local host, as this test does' },
  { page: 'docs/tutorials/first-job.md', begins: 'make run', by: 'test/knative/local/main.ts', why: 'the same' },
  {
    page: 'docs/tutorials/own-template.md',
    begins: 'TEMPLATES_DIR=examples/templates',
    by: 'test/knative/local/main.ts',
    why: 'the same, with TEMPLATES_DIR and DEFAULT_TEMPLATE'
  },
  { page: 'docs/cli.md', begins: 'make build', by: 'test/cli/package.ts', why: 'other tests use the bundles that it makes' },
  { page: 'docs/ci.md', begins: 'make cli', by: '.ci/run', why: 'other tests use the bundles that it makes' },
  { page: 'docs/api.md', begins: 'npm install', by: 'test/api/clients.ts', why: 'it installs generators, which takes minutes' },
  { page: 'docs/api.md', begins: 'pip install', by: 'test/api/clients.ts', why: 'the same' },
  {
    page: 'docs/watch.md',
    begins: 'echo "42 simulating',
    by: 'test/jobs/uploader/progress.ts',
    why: 'it is a line of a workload'
  },
  {
    page: 'docs/results.md',
    begins: 'curl -fL',
    by: 'test/functions/result-fetch/results/redirect-to-store.ts',
    why: 'it needs S3_PUBLIC_ENDPOINT'
  },
  {
    page: 'docs/install.md',
    begins: 'minikube start',
    by: 'test/e2e/knative.ts',
    why: 'it downloads a cluster and Knative; the cluster of test/e2e/ is built from their source'
  },
  { page: 'docs/install.md', begins: 'make image', by: 'test/e2e/images.ts', why: 'it needs Docker and a cluster' },
  { page: 'docs/install.md', begins: 'make doctor', by: 'test/e2e/suite/doctor.ts', why: 'it needs a cluster' },
  {
    page: 'docs/install.md',
    begins: 'aws s3api',
    by: undefined,
    why: 'it needs the AWS CLI, and a store that takes both rules: neither of the stores of the tests does'
  },
  {
    page: 'docs/access.md',
    begins: 'kubectl delete broker',
    by: 'test/e2e/suite/sender-tokens.ts',
    why: 'it needs a cluster with Knative'
  }
]

/** The shell blocks of a page, without the indentation of a list. */
export function shellBlocks (page: string): ShellBlock[] {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^( *)```sh\n([^]*?)^ *```$/gm)]
  return blocks.map(([, indent = '', script = ''], i) => ({
    page,
    number: i + 1,
    script: script.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
  }))
}
