/** Whether the list of what waits is open. The list itself is loaded when it is. */
class Uploads {
  shown = $state(false)
  open(): void {
    this.shown = true
  }
}
export const uploads = new Uploads()
