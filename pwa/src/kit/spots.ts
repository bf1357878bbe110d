// The drawings of the faces. `.f` is filled softly, `.a` drawn in the accent.
/** Nothing here: a bench below a tree. */
export const bench =
  '<circle class="f" cx="158" cy="54" r="42"/><path d="M12 134h196"/><path class="a" d="M158 134V60M158 96l16-16M158 84l-13-12"/><path class="a" d="M128 84c-16-10-18-34-4-46 4-18 26-28 42-18 18-4 34 10 34 28 10 14 4 36-12 42-6 4-12 4-18 2"/><path d="M26 104h82M26 88h82M26 74h82M36 104v30M98 104v30M32 104V70M102 104V70"/>'
/** Something broke on our side: the line between two houses. */
export const brokenLine =
  '<path class="f" d="M20 66h52v68H20zM148 66h52v68h-52z"/><path d="M8 134h204"/><path d="M20 134V66l26-20 26 20v68M148 134V66l26-20 26 20v68"/><path d="M38 134v-24h16v24M166 134v-24h16v24M40 80h12M168 80h12"/><path class="a" d="M72 72c8 12 16 18 24 20M148 72c-8 12-16 18-24 20"/><path class="a" d="M104 78l-3-12M112 84v-18M118 78l6-10"/>'
/** No network, and nothing kept of it: a mast without waves. */
export const mast =
  '<path class="f" d="M84 134l26-84 26 84z"/><path d="M8 134h204"/><path d="M84 134l26-84 26 84M93 106h34M101 80h18"/><circle cx="110" cy="42" r="8"/><path class="a" d="M76 62c-10-12-10-30 0-42M144 62c10-12 10-30 0-42" stroke-dasharray="2 12"/>'
/** Nobody lives here: a lane that ends. */
export const lane =
  '<path class="f" d="M92 134l12-62h12l12 62z"/><path d="M8 134h204M92 134l12-62M128 134l-12-62M110 126v-12M110 102v-8M110 84v-4"/><path d="M40 134V74h40M180 134V74h-40"/><path class="a" d="M96 40h28v24H96zM110 64v8"/>'
