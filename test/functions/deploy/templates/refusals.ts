import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseTemplate, templatesIn } from '../../../../functions/deploy/templates/read-templates.ts'
import { type RefusalKind, refusals } from '../../../../functions/deploy/templates/refusals.ts'

const example = readFileSync('docs/example-template.yaml', 'utf8')
const long = 'x'.repeat(131_072)
const page = readFileSync('docs/templates.md', 'utf8')

/** The manifests of the example, each with one change in its text, that must be refused for this reason. */
const wrong: Record<Exclude<RefusalKind, 'name'>, [from: string | RegExp, to: string, path: RegExp][]> = {
  yaml: [
    ['  backoffLimit', '\tbackoffLimit', /tab/i],
    ['  backoffLimit: 0', '  backoffLimit: 0\n  backoffLimit: 1', /unique/],
    [/$/, '---\nkind: Job\n', /^there are 2 documents/],
    ['labels:\n', 'labels: &all\n    all: *all\n', /^an alias \(\*name\) stands within what it refers to/]
  ],
  manifest: [
    ['batch/v1', 'batch/v2', /^not a template: apiVersion must be batch\/v1: /],
    ['gx4ki.io/description', 'example.org/description', /gx4ki\.io\/description/],
    ['/workspace/output', 'output', /gx4ki\.io\/results must be an absolute path/],
    ['/workspace/output', '"/work\\nspace"', /gx4ki\.io\/results must be an absolute path without control characters/],
    [/io\/description: .*/, 'io/description: "  \\n "', /gx4ki\.io\/description must be a text that is not empty/],
    ['"1800"', '1800', /start-deadline-seconds must be string/],
    [/ {10}image: .*\n/, '', /containers\.0\.image is missing/],
    ['- name: results', '-\n        - name: results', /^not a template: spec\.template\.spec\.volumes\.0 must be object: /]
  ],
  field: [
    ['resources:', 'resource:', /^spec\.template\.spec\.containers\[0\]\.resource .* did you mean resources\?/],
    ['backoffLimit', 'backoffLimits', /^spec\.backoffLimits .* did you mean backoffLimit\?/]
  ],
  type: [
    ['value: none', 'value: 007', /^spec\.template\.spec\.containers\[0\]\.env\[0\]\.value must be a string/],
    ['part-of: perception', 'part-of: yes', /^metadata\.labels\["app\.kubernetes\.io\/part-of"\] must be a string/],
    ['runAsUser: 1000', 'runAsUser: "1000"', /securityContext\.runAsUser must be a number/],
    ['[sh, -c]', '[ls, ~]', /^spec\.template\.spec\.containers\[0\]\.command\[1\] is null, and must be a string: /],
    ['- name: harbor', '-', /^spec\.template\.spec\.imagePullSecrets\[0\] is null, and must be an object: /],
    ['backoffLimit: 0', 'backoffLimit: .inf', /^spec\.backoffLimit is Infinity, and must be a finite number: /],
    ['backoffLimit: 0', 'backoffLimit: .nan', /^spec\.backoffLimit is NaN, and must be a finite number: /],
    ['backoffLimit: 0', 'backoffLimit: 1.5', /^spec\.backoffLimit is 1\.5, and must be a whole number up to 2147483647: /],
    ['backoffLimit: 0', 'backoffLimit: 2147483648', /^spec\.backoffLimit is 2147483648, and must be a whole number/],
    ['7200', '9223372036854775808', /^spec\.activeDeadlineSeconds is 9\d+, and must be a whole number up to 9007199254740991: /],
    ['fsGroup: 1000', 'supplementalGroups: [1.5]', /supplementalGroups\[0\] is 1\.5, and must be a whole number/],
    ['memory: 4Gi', 'memory: .inf', /limits\["memory"\] must be a string/]
  ],
  annotation: [
    ['gx4ki.io/retention', 'gx4ki.io/retensions', /did you mean gx4ki\.io\/retention\?/],
    [
      '  template:\n',
      '  template:\n    metadata: {annotations: {gx4ki.io/retention: 1d}}\n',
      /^spec\.template\.metadata\.annotations\["gx4ki\.io\/retention"\] would be ignored/
    ],
    ['app.kubernetes.io/part-of: perception', 'gx4ki.io/retention: 1d', /^metadata\.labels\["gx4ki\.io\/retention"\] would be ignored/],
    ['90d', '90 days', /^annotation gx4ki\.io\/retention: /],
    ['io/result: report.json', 'io/result: ../x', /^annotation gx4ki\.io\/result must not contain empty, \. or \.\. parts: /],
    ['io/result: report.json', 'io/result: " "', /^annotation gx4ki\.io\/result must not be empty: /]
  ],
  variables: [
    ['default: 1000', 'default: many', /the default of STEPS/],
    ['^[a-z0-9-]+$', '"["', /pattern|regular/],
    ['          description: Number of steps\n', '', /description/],
    ['default: highway-1', `default: ${'a'.repeat(60)}!`, /^annotation gx4ki\.io\/env: the default of SCENE must match/],
    ['type: object\n', 'type: object\n      required: [NOPE]\n', /env: required has NOPE, which is not in properties: /],
    ['type: object\n', 'type: object\n      required: [toString]\n', /env: required has toString, which is not in/],
    ['type: object\n', 'type: object\n      $async: true\n', /env: \$async cannot be used: /],
    ['pattern: ', '$id: urn:a:b\n          pattern: ', /env: \$id cannot be used: /],
    ['STEPS:', '__proto__:', /env: a variable cannot have the name __proto__: /],
    ['STEPS:', 'N:', /env: a variable has the name false: write a name such as N, y or off in quotes: /],
    ['STEPS:', 'A-B:', /env: "A-B" cannot be the name of a variable: /],
    ['type: integer', 'type: array', /env: properties\.STEPS\.type must be .* string, *integer, *number, *boolean: /]
  ],
  pods: [['backoffLimit: 0', 'completions: 3', /^spec\.completions is 3/]],
  length: [
    ['command: [sh, -c]', `command: [sh, -c, ${long}]`, /^an argument of the command is too long/],
    ['default: highway-1', `default: ${long}`, /^the default of SCENE/],
    ['name: SCENES_URL', `name: LONG\n              value: ${long}\n            - name: SCENES_URL`, /^the variable LONG is/],
    [
      'name: SCENES_URL',
      `name: HALF\n              value: ${long.slice(60_000)}\n            - name: TWICE\n              value: $(HALF)$(HALF)` +
      '\n            - name: SCENES_URL',
      /^the variable TWICE is too long/
    ]
  ],
  folder: [['/workspace/output', '/', /^the result folder \//], ['/workspace/output', '/usr', /^the result folder \/usr /]],
  names: [
    ['- name: evaluate\n          image', '- name: uploader\n          image', /^the container "uploader"/],
    ['- name: results', '- name: uploader-token', /^the volume "uploader-token"/]
  ],
  volume: [['emptyDir: {sizeLimit: 1Gi}', 'persistentVolumeClaim: {claimName: shared}', /persistentVolumeClaim/]],
  mount: [
    [
      'workingDir: /workspace',
      'workingDir: /workspace\n          volumeMounts: [{name: cache, mountPath: /workspace/output/cache}]',
      /^the container "evaluate" mounts the volume "cache" at \/workspace\/output\/cache/
    ]
  ],
  size: [['sizeLimit: 1Gi', 'sizeLimit: much', /"results": "much" is no quantity/]],
  grace: [['restartPolicy: Never', 'terminationGracePeriodSeconds: 4', /^terminationGracePeriodSeconds is 4, and must be 5 or more/]],
  root: [
    ['runAsUser: 1000', 'runAsUser: 0', /^spec\.template\.spec\.securityContext\.runAsUser is 0/],
    ['runAsUser: 1000', 'runAsNonRoot: false', /runAsNonRoot is false/],
    [
      'workingDir: /workspace',
      'securityContext: {runAsUser: 0}',
      /^spec\.template\.spec\.containers\[0\]\.securityContext\.runAsUser is 0/
    ]
  ],
  privileges: [
    ['restartPolicy: Never', 'hostNetwork: true', /^spec\.template\.spec\.hostNetwork cannot be used/],
    ['emptyDir: {sizeLimit: 1Gi}', 'emptyDir: {}\n        - {name: dev, hostPath: {path: /dev}}', /volumes\[1\]\.hostPath/],
    ['fsGroup: 1000', 'seccompProfile: {type: Unconfined}', /securityContext\.seccompProfile/],
    ...([
      ['{privileged: true}', /securityContext\.privileged/],
      ['{allowPrivilegeEscalation: true}', /allowPrivilegeEscalation/],
      ['{capabilities: {drop: [ALL], add: [SYS_ADMIN]}}', /capabilities\.add/],
      ['{capabilities: {drop: [NET_RAW]}}', /capabilities without drop/],
      ['{procMount: Unmasked}', /procMount/],
      ['{appArmorProfile: {type: Unconfined}}', /appArmorProfile/]
    ] as const).map(([context, path]) =>
      ['workingDir: /workspace', `securityContext: ${context}`, path] as [string, string, RegExp]
    ),
    ['workingDir: /workspace', 'ports: [{containerPort: 80, hostPort: 80}]', /containers\[0\]\.ports\[0\]\.hostPort/]
  ]
}

await t.test('docs/templates.md has the table of all refusals', async (t) => {
  const [, section = ''] = page.split('\n## What is refused\n')
  const rows = section.split('\n## ')[0]!.split('\n').filter((line) => line.startsWith('| ')).slice(2)
  t.strictSame(rows, Object.values(refusals).map(({ what, todo }) => `| ${what} | ${todo} |`))
})

for (const [kind, changes] of Object.entries(wrong)) {
  await t.test(`a template is refused, with what to do: ${kind}`, async (t) => {
    const { todo } = refusals[kind as RefusalKind]
    for (const [from, to, path] of changes) {
      const text = example.replace(from, () => to)
      t.not(text, example, 'the example is changed')
      const message = messageOf(text)
      t.match(message, path, to.slice(0, 80))
      t.match(message.toLowerCase(), todo.toLowerCase(), to.slice(0, 80))
    }
  })
}

await t.test('a second file with the same name is refused', async (t) => {
  const folder = t.testdir({ 'a.yaml': example, 'b.yaml': example })
  const { usable, refused } = templatesIn(folder, () => {})()
  t.strictSame([...usable.keys()], ['evaluate'])
  t.match(refused.get('b.yaml'), /another file already has the name evaluate/)
})

await t.test('what Pod Security restricted allows is not refused', async (t) => {
  for (
    const [from, to] of [
      ['workingDir: /workspace', 'securityContext: {capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}'],
      ['workingDir: /workspace', 'securityContext: {privileged: false, allowPrivilegeEscalation: false, runAsGroup: 0}'],
      ['workingDir: /workspace', 'securityContext: {procMount: Default, capabilities: null}'],
      ['workingDir: /workspace', 'ports: [{containerPort: 80}]'],
      ['fsGroup: 1000', 'seccompProfile: {type: Localhost, localhostProfile: a}'],
      ['restartPolicy: Never', 'hostNetwork: false']
    ] as const
  ) t.doesNotThrow(() => parseTemplate(example.replace(from, () => to)), to)
})

await t.test('docs/templates.md shows the example as it is', async (t) => {
  const [, shown] = /```yaml\n([^]*?)```/.exec(page) ?? []
  t.equal(shown, example)
  const { name, warnings, env } = parseTemplate(example)
  t.strictSame([name, warnings, Object.keys(env.properties)], ['evaluate', [], ['SCENE', 'STEPS', 'SCENES_PASSWORD']])
})

function messageOf (yaml: string): string {
  try {
    parseTemplate(yaml)
  } catch (error) {
    return (error as Error).message
  }
  return ''
}
