/** `138 1234 5678`, `021 1234 5678`: numbers as people read them out. Others stay as they are. */
export function spoken(phone: string): string {
  const inland = phone.replace(/[\s-]/g, '').match(/^\+86(\d+)$/)?.[1]
  if (!inland) return phone
  if (/^1\d{10}$/.test(inland)) return `${inland.slice(0, 3)} ${inland.slice(3, 7)} ${inland.slice(7)}`
  // Beijing, Shanghai and eight more have area codes of two digits, all others of three.
  const area = /^(?:10|2\d)/.test(inland) ? 2 : 3
  const rest = inland.slice(area)
  return `0${inland.slice(0, area)} ${rest.length > 4 ? `${rest.slice(0, -4)} ${rest.slice(-4)}` : rest}`
}
