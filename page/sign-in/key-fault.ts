/**
 * Why a text cannot be an API key; `undefined` if it may be one. A browser sends no header with characters outside of
 * Latin-1, and then says the same as without a network.
 */
export function keyFault (text: string): string | undefined {
  const at = [...text].findIndex((char) => !/^[!-~]$/.test(char))
  if (text === '') return 'This is no key: it is empty'
  // The character itself is not said: it is part of a secret.
  return at === -1 ? undefined : `This is no key: its character ${at + 1} is none that a key can have`
}
