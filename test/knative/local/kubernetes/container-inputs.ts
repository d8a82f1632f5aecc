import t from 'tap'
import { localPaths } from '../../../../knative/local/kubernetes/container-inputs.ts'

await t.test('a mount path in a text is replaced by the local path', async (t) => {
  const local = localPaths({
    name: 'c',
    volumeMounts: [
      { name: 'results', mountPath: '/results/' },
      { name: 'run', mountPath: '/var/run' },
      { name: 'token', mountPath: '/var/run/gx4ki' },
      { name: 'part', mountPath: '/part.x', subPath: 'a/b' }
    ]
  }, '/D')
  const texts = {
    '/results': '/D/results',
    '/results/': '/D/results/',
    '/results/x.txt': '/D/results/x.txt',
    '--dir=/results/x': '--dir=/D/results/x',
    'cp /results/a "/results/b" > /results/c; cd /results':
      'cp /D/results/a "/D/results/b" > /D/results/c; cd /D/results',
    'a:/results:/var/run': 'a:/D/results:/D/run',
    '/var/run/gx4ki/uploader-token': '/D/token/uploader-token',
    '/part.x/y': '/D/part/a/b/y',
    '/resultsx /results.txt /results-2 /partax': '/resultsx /results.txt /results-2 /partax',
    'http://host/results http://host:80/results ./results $HOME/results $(pwd)/results //results':
      'http://host/results http://host:80/results ./results $HOME/results $(pwd)/results //results'
  }
  for (const [text, expected] of Object.entries(texts)) t.equal(local(text), expected)
})
