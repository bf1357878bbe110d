export default '<path d="M5 12h14"/>'
