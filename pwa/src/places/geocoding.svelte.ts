/** Whether the server looks addresses up. It says so only when asked; once it has said no, nobody is offered it again before the app is opened anew. */
class Geocoding {
  off = $state(false)
}

export const geocoding = new Geocoding()
