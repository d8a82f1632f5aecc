import t from 'tap'
import { parseQuantity } from '../../../../functions/deploy/start/parse-quantity.ts'

await t.test('every form of a Kubernetes quantity is read', async (t) => {
  for (
    const [quantity, bytes] of [
      [0, 0],
      [1024, 1024],
      [0.5, 1],
      [1e21, 1e21],
      ['0', 0],
      ['1024', 1024],
      ['007', 7],
      ['+5', 5],
      ['1.5Gi', 1.5 * 2 ** 30],
      ['1.', 1],
      ['.5Ki', 512],
      ['1k', 1000],
      ['1M', 1e6],
      ['64G', 64e9],
      ['2T', 2e12],
      ['1P', 1e15],
      ['1E', 1e18],
      ['1Ki', 1024],
      ['4Mi', 4 * 2 ** 20],
      ['10Gi', 10 * 2 ** 30],
      ['3Ti', 3 * 2 ** 40],
      ['1Pi', 2 ** 50],
      ['1Ei', 2 ** 60],
      ['1e3', 1000],
      ['1E3', 1000],
      ['1.5e9', 1.5e9],
      ['1e+3', 1000],
      ['5e-1', 1],
      ['1500m', 2],
      ['1000000u', 1],
      ['1n', 1]
    ] as const
  ) t.equal(parseQuantity(quantity), bytes, String(quantity))
})

await t.test('everything else is refused, with its words', async (t) => {
  for (
    const quantity of [
      '',
      ' 1Gi',
      '1 Gi',
      '1Gi ',
      '-1Gi',
      '1GB',
      '1gi',
      '1K',
      '1ki',
      '1e3Gi',
      '1e',
      '1,5Gi',
      '1.2.3',
      '.',
      'Gi',
      'ten',
      '0x10',
      'Infinity',
      'NaN',
      '1constructor',
      '1\n',
      NaN,
      Infinity,
      -1,
      true,
      null,
      undefined,
      {},
      ['1Gi']
    ]
  ) t.throws(() => parseQuantity(quantity), /is no quantity of storage such as 10Gi$/, String(quantity))
  t.throws(() => parseQuantity('1GB'), /^"1GB" is no/)
})
