import t from 'tap'
import { preferredForm } from '../../../../shared/results/archive/preferred-form.ts'

await t.test('a zip archive is sent only when it is asked for by its name', (t) => {
  for (
    const [accept, form] of [
      [undefined, 'tar'], ['', 'tar'], ['*/*', 'tar'], ['application/*', 'tar'], ['text/html', 'tar'],
      ['application/zip', 'zip'], ['Application/ZIP ; q=0.5, */*;q=0.1', 'zip'], ['application/zip;q=0', 'tar'],
      ['application/x-tar, application/zip;q=0.9', 'tar'], ['application/x-tar;q=0.2,application/zip', 'zip']
    ] as const
  ) t.equal(preferredForm(accept), form, String(accept))
  t.end()
})
