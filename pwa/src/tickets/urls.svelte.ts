/** Pictures that are still on the phone, as addresses an `<img>` can show; given back when no longer shown. */
export function own(photos: () => readonly Blob[]): { readonly urls: readonly string[] } {
  const known = new Map<Blob, string>()
  const urls = $derived.by(() => {
    const now = photos()
    for (const [photo, url] of known) {
      if (now.includes(photo)) continue
      URL.revokeObjectURL(url)
      known.delete(photo)
    }
    return now.map((photo) => {
      const url = known.get(photo) ?? URL.createObjectURL(photo)
      known.set(photo, url)
      return url
    })
  })
  $effect(() => () => {
    for (const url of known.values()) URL.revokeObjectURL(url)
    known.clear()
  })
  return {
    get urls() {
      return urls
    },
  }
}
