import neostandard, { plugins } from 'neostandard'

/** A signature has one line for each parameter when it has more than three parameters, or inline object types. */
const parameterLines = {
  meta: {
    type: 'layout',
    fixable: 'whitespace',
    schema: [],
    messages: { apart: 'Write each parameter on its own line' }
  },
  create ({ report, sourceCode }) {
    function check (node) {
      const { params } = node
      const inline = params.some((param) => (param.left ?? param).typeAnnotation?.typeAnnotation.type === 'TSTypeLiteral')
      if (params.length < 2 || (params.length <= 3 && !inline)) return
      const open = sourceCode.getTokenBefore(params[0])
      const lines = [open, ...params].map(({ loc }) => loc.start.line)
      if (new Set(lines).size === lines.length) return
      const close = sourceCode.getTokenAfter(params.at(-1))
      report({
        node,
        messageId: 'apart',
        fix: (fixer) => {
          const texts = params.map((param) => sourceCode.getText(param))
          return fixer.replaceTextRange([open.range[1], close.range[0]], `\n${texts.join(',\n')}\n`)
        }
      })
    }
    return { FunctionDeclaration: check, TSDeclareFunction: check, 'MethodDefinition > FunctionExpression': check }
  }
}

export default [
  ...neostandard({ ts: true, ignores: ['dist/**', 'cli/dist/**', '.local/**', 'demo/**', '.tap/**'] }),
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.js'],
    plugins: { house: { rules: { 'parameter-lines': parameterLines } } },
    rules: {
      'house/parameter-lines': 'error',
      // A handler may be a property, such as `action.run`.
      'react/jsx-handler-names': 'off',
      '@stylistic/max-len': ['error', {
        code: 120,
        ignoreUrls: true,
        ignoreStrings: true,
        ignoreTemplateLiterals: true,
        ignoreRegExpLiterals: true
      }]
    }
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    rules: {
      // A schema and the type derived from it share one name; the compiler refuses real redeclarations.
      '@typescript-eslint/no-redeclare': 'off',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/no-misused-promises': 'error'
    }
  }
]
